//! The numbers behind the chapter's plots, as CSV.

use crate::server::{Server, Summary, has_gevent, kinds};
use anyhow::Result;
use std::time::Duration;

/// How often each is measured; the median is printed.
const RUNS: usize = 3;

#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Name {
    /// Echoes a second, by connections and server.
    Echo,
    /// Echoes for each second of the server's processor time.
    Cpu,
    /// The server's memory in MB.
    Memory,
    /// From a message's write until it is back, in milliseconds: the 99th percentile.
    Latency,
}

pub(crate) fn measure(name: Name, python: &str) -> Result<()> {
    let value = |summary: &Summary| match name {
        Name::Echo => summary.rate,
        Name::Cpu => summary.rate_cpu,
        Name::Memory => summary.memory / 1e6,
        Name::Latency => summary.p99,
    };
    if !has_gevent(python) {
        eprintln!("without gevent: {python} does not have it (`pip install gevent` in a venv, `--python`)");
    }
    let kinds = kinds(python);
    let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
    println!("connections,{}", names.join(","));
    for connections in [1, 100, 1000, 10_000] {
        let mut line = vec![connections.to_string()];
        for kind in &kinds {
            eprintln!("{connections} connections, {}, {RUNS} times", kind.name());
            let mut values = Vec::new();
            for _ in 0..RUNS {
                // A server of its own for each run: memory that the last one has left is not this one's.
                values.push(value(&Server::start(*kind)?.load(connections, Duration::from_millis(400))?));
            }
            values.sort_by(f64::total_cmp);
            line.push(format!("{:.2}", values[RUNS / 2]));
        }
        println!("{}", line.join(","));
    }
    Ok(())
}
