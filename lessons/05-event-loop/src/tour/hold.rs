//! Ten thousand connections in one thread.

use std::time::Duration;

use anyhow::{Result, ensure};
use event_loop::echo::Way;

use super::{found, heading, row};
use crate::server::{Kind, Server};

pub(crate) fn show(connections: u32) -> Result<()> {
    heading("One thread, many connections");
    let server = Server::start(Kind::Ours(Way::Reactor))?;
    let wanted = usize::try_from(connections)?;
    let summary = server.load(wanted, 1, Duration::from_secs(1))?;
    row(format!("{:<42} {connections:>8}", "connections opened"));
    row(format!(
        "{:<42} {:>8}",
        "still open at the end", summary.alive
    ));
    row(format!(
        "{:<42} {:>8}",
        "received at least one line in that second", summary.heard
    ));
    row(format!(
        "{:<42} {:>8.0}",
        "lines echoed per second", summary.rate
    ));
    row(format!(
        "{:<42} {:>8.1} ms",
        "median latency", summary.median
    ));
    row(format!(
        "{:<42} {:>8.1} ms",
        "highest latency", summary.worst
    ));
    if summary.memory > 0.0 {
        row(format!(
            "{:<42} {:>8.1} MB",
            "memory of the server",
            summary.memory / 1e6
        ));
    }
    ensure!(
        summary.alive == wanted,
        "{} of {wanted} connections are left",
        summary.alive
    );
    found("One thread holds them all, and serves each of them.");
    Ok(())
}
