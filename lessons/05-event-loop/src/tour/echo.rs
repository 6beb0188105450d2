//! The same protocol, served in six ways.

use std::time::Duration;

use anyhow::{Result, ensure};
use event_loop::echo::Way;

use super::{found, heading, row};
use crate::server::{Kind, Server, Summary, kinds};

const CONNECTIONS: usize = 1000;

pub(crate) fn show(python: &str, in_flight: usize) -> Result<()> {
    heading("One protocol, served in six ways to 1,000 clients");
    row(format!(
        "{:<17} {:>10} {:>10} {:>8} {:>7} {:>8} {:>8}",
        "", "lines per", "lines per", "clients", "memory", "median", "99th"
    ));
    row(format!(
        "{:<17} {:>10} {:>10} {:>8} {:>7} {:>8} {:>8}",
        "", "second", "CPU second", "served", "MB", "ms", "ms"
    ));
    let mut all: Vec<(Kind, Summary)> = Vec::new();
    for kind in kinds(python) {
        let summary = Server::start(kind)?.load(
            CONNECTIONS,
            in_flight,
            Duration::from_millis(800),
        )?;
        let Summary {
            alive,
            heard,
            rate,
            rate_cpu,
            memory,
            median,
            p99,
            ..
        } = summary;
        let memory = memory / 1e6;
        let name = kind.name();
        row(format!(
            "{name:<17} {rate:>10.0} {rate_cpu:>10.0} {heard:>8} {memory:>7.1} {median:>8.1} \
             {p99:>8.1}"
        ));
        ensure!(
            alive == CONNECTIONS,
            "{name} lost {} connections",
            CONNECTIONS - alive
        );
        ensure!(rate > 0.0, "{name} echoed nothing");
        all.push((kind, summary));
    }
    let gevent = all.iter().find(|(kind, _)| matches!(kind, Kind::Gevent(_)));
    let Some((_, gevent)) = gevent else {
        row(format!(
            "{:<17} skipped: {python} has no gevent (see `--python`)",
            "gevent"
        ));
        found("Each of them holds 1,000 clients.");
        return Ok(());
    };
    row("");
    // Other work on the machine lowers the lines per second, but hardly the lines per
    // second of processor time.
    let speed = |summary: &Summary| {
        if summary.rate_cpu > 0.0 {
            summary.rate_cpu
        } else {
            summary.rate
        }
    };
    for (kind, summary) in &all {
        let times = speed(summary) / speed(gevent);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few dozen"
        )]
        let bar = "█".repeat((times * 2.0).round() as usize);
        row(format!("{:<17} {times:>5.1} {bar}", kind.name()));
    }
    // With few lines in flight, most of the work is the kernel's, the same for everyone.
    let least = if in_flight >= 16 { 5.0 } else { 1.0 };
    for (kind, summary) in &all {
        if let Kind::Ours(Way::Reactor | Way::May | Way::Tokio) = kind {
            let times = speed(summary) / speed(gevent);
            ensure!(
                times >= least,
                "{} is {times:.1} times as fast as gevent, not {least}",
                kind.name()
            );
        }
    }
    let note = if cfg!(debug_assertions) {
        " This is a debug build: try it with --release."
    } else {
        ""
    };
    found(&format!(
        "The bars are lines per second of the server's processor time; gevent's is 1.{note}"
    ));
    Ok(())
}
