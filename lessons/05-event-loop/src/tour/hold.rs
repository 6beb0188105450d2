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
    row(format!("{:<36} {connections:>8}", "connections opened"));
    row(format!(
        "{:<36} {:>8}",
        "each of them served, none dropped", summary.alive
    ));
    row(format!(
        "{:<36} {:>8.0}",
        "lines echoed in a second", summary.rate
    ));
    row(format!(
        "{:<36} {:>8.1} ms",
        "half of them were back after", summary.median
    ));
    row(format!(
        "{:<36} {:>8.1} ms",
        "the slowest after", summary.worst
    ));
    if summary.memory > 0.0 {
        row(format!(
            "{:<36} {:>8.1} MB",
            "memory of the server",
            summary.memory / 1e6
        ));
    }
    ensure!(
        summary.alive == wanted,
        "{} of {wanted} connections were left",
        summary.alive
    );
    found("One thread held them all, and went on serving each of them.");
    Ok(())
}
