//! Prints the data for the chapter's plots as CSV.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use event_loop::echo::Way;
use event_loop::{Interest, Poller, Token, Trigger, limits};

use crate::server::{Kind, Server, Summary, has_gevent, kinds};
use crate::tour::{pair, pollers};

/// The number of runs; their median is printed.
const RUNS: usize = 3;

#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Name {
    /// Lines per second, by connections and server.
    Echo,
    /// Lines per second of the server's processor time.
    Cpu,
    /// The server's memory, in MB.
    Memory,
    /// 99th-percentile latency, from a line's write until its return, in milliseconds.
    Latency,
    /// Lines per second of the server's processor time, by each client's lines in flight.
    InFlight,
    /// One busy connection among many idle ones: microseconds for a wait and a read with
    /// poll and with epoll.
    Idle,
}

pub(crate) fn measure(name: Name, python: &str, in_flight: usize) -> Result<()> {
    match name {
        Name::Idle => return idle(),
        Name::InFlight => return by_in_flight(python),
        Name::Echo | Name::Cpu | Name::Memory | Name::Latency => {}
    }
    let value = |summary: &Summary| match name {
        Name::Echo => summary.rate,
        Name::Memory => summary.memory / 1e6,
        Name::Latency => summary.p99,
        Name::Cpu | Name::InFlight | Name::Idle => summary.rate_cpu,
    };
    table(
        python,
        "connections",
        &[1, 100, 1000, 10_000],
        |server, connections| {
            Ok(value(&server.load(
                connections,
                in_flight,
                // Ten thousand connections need more than two rounds each.
                Duration::from_millis(if connections > 1000 { 1500 } else { 300 }),
            )?))
        },
    )
}

fn by_in_flight(python: &str) -> Result<()> {
    table(
        python,
        "lines in flight",
        &[1, 4, 16, 64],
        |server, in_flight| {
            Ok(server
                .load(100, in_flight, Duration::from_millis(500))?
                .rate_cpu)
        },
    )
}

/// Prints a row for each `x` and a column for each server: the median of `value`.
fn table(
    python: &str,
    label: &str,
    xs: &[usize],
    value: impl Fn(&Server, usize) -> Result<f64>,
) -> Result<()> {
    if !has_gevent(python) {
        eprintln!(
            "without gevent: {python} does not have it (`pip install gevent` in a venv, then \
             `--python`)"
        );
    }
    // A plot has room for six lines. Our own executor is close to our callbacks; the part
    // `echo` shows it.
    let kinds: Vec<_> = kinds(python)
        .into_iter()
        .filter(|kind| *kind != Kind::Ours(Way::Futures))
        .collect();
    let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
    println!("{label},{}", names.join(","));
    for x in xs {
        let mut line = vec![x.to_string()];
        for kind in &kinds {
            eprintln!("{x} {label}, {}, {RUNS} times", kind.name());
            let mut values = Vec::new();
            for _ in 0..RUNS {
                // A new server for each run, so that memory left over from the last run
                // does not count.
                values.push(value(&Server::start(*kind)?, *x)?);
            }
            values.sort_by(f64::total_cmp);
            line.push(format!("{:.2}", values[RUNS / 2]));
        }
        println!("{}", line.join(","));
    }
    Ok(())
}

fn idle() -> Result<()> {
    const MOST: usize = 16_000;
    limits::allow_open_files(MOST as u64 + 50)?;
    let names: Vec<_> = pollers()?.iter().map(|poller| poller.name()).collect();
    println!("idle connections,{}", names.join(","));
    for idle in [1, 10, 100, 1000, 10_000] {
        let mut line = vec![idle.to_string()];
        for mut poller in pollers()? {
            eprintln!("{idle} idle connections, {}", poller.name());
            line.push(format!("{:.2}", round_with(&mut *poller, idle)?));
        }
        println!("{}", line.join(","));
    }
    Ok(())
}

/// Returns the microseconds of one round among `idle` silent connections: a byte arrives,
/// a wait finds it, it is read.
fn round_with(poller: &mut dyn Poller, idle: usize) -> Result<f64> {
    let (_silent, quiet) = pair()?;
    for token in 1..=idle {
        poller.add(
            Token(token as u64),
            Arc::new(quiet.try_clone()?),
            Interest::READABLE,
            Trigger::Level,
        )?;
    }
    let (client, server) = pair()?;
    poller.add(Token(0), server.clone(), Interest::READABLE, Trigger::Level)?;
    let mut ready = Vec::new();
    let mut times = Vec::new();
    for _ in 0..5 {
        let (begin, mut rounds) = (Instant::now(), 0);
        while begin.elapsed() < Duration::from_millis(100) {
            (&*client).write_all(b"x")?;
            poller.wait(&mut ready, Some(Duration::from_secs(5)))?;
            ensure!(ready.len() == 1 && ready[0].token == Token(0), "{ready:?}");
            ensure!((&*server).read(&mut [0; 8])? == 1, "a byte was written");
            rounds += 1;
        }
        times.push(begin.elapsed().as_secs_f64() * 1e6 / f64::from(rounds));
    }
    times.sort_by(f64::total_cmp);
    Ok(times[2])
}
