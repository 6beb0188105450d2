//! The same protocol in six ways.

use super::{found, heading, row};
use crate::server::{Kind, Server, Summary, kinds};
use anyhow::{Result, ensure};
use std::time::Duration;

const CONNECTIONS: usize = 1000;

pub(crate) fn show(python: &str) -> Result<()> {
    heading("One protocol, served in each way to 1,000 clients");
    row(format!(
        "{:<8} {:>11} {:>11} {:>9} {:>9} {:>9}",
        "", "echoes", "echoes a", "memory", "median", "99%"
    ));
    row(format!("{:<8} {:>11} {:>11} {:>9} {:>9} {:>9}", "", "a second", "CPU second", "MB", "ms", "ms"));
    let mut all: Vec<(Kind, Summary)> = Vec::new();
    for kind in kinds(python) {
        let summary = Server::start(kind)?.load(CONNECTIONS, Duration::from_millis(800))?;
        let Summary { alive, rate, rate_cpu, memory, median, p99, .. } = summary;
        let memory = memory / 1e6;
        let name = kind.name();
        row(format!("{name:<8} {rate:>11.0} {rate_cpu:>11.0} {memory:>9.1} {median:>9.1} {p99:>9.1}"));
        ensure!(alive == CONNECTIONS, "{name} lost {} connections", CONNECTIONS - alive);
        ensure!(rate > 0.0, "{name} echoed nothing");
        all.push((kind, summary));
    }
    let gevent = all.iter().find(|(kind, _)| matches!(kind, Kind::Gevent(_)));
    let Some((_, gevent)) = gevent else {
        row(format!(
            "{:<8} skipped: {python} has no gevent (`pip install gevent` in a venv, `--python`)",
            "gevent"
        ));
        found("Every one of them keeps 1,000 clients.");
        return Ok(());
    };
    row("");
    for (kind, summary) in &all {
        let times = summary.rate / gevent.rate;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few dozen")]
        let bar = "█".repeat((times * 2.0).round() as usize);
        row(format!("{:<8} {times:>5.1} {bar}", kind.name()));
    }
    found("The bars are echoes a second, gevent's being 1.");
    Ok(())
}
