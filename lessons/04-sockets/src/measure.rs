//! Prints the data for the chapter's plots as CSV.

use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use sockets::round_trip::Asking;
use terminal::say;

use crate::tour::{nagle, pair};

/// The number of runs of each measurement; the median is printed.
const RUNS: usize = 5;

#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Name {
    /// Requests answered per second, by how they are written.
    Nagle,
    /// Bytes carried per second, by the size of a write.
    WriteSize,
}

pub(crate) fn measure(name: Name) -> Result<()> {
    match name {
        Name::Nagle => round_trips(),
        Name::WriteSize => throughput(),
    }
}

fn round_trips() -> Result<()> {
    say("written,round trips per second");
    for (what, asking, no_delay, questions) in [
        ("two writes", Asking::InTwoWrites, false, 40),
        (
            "two writes with TCP_NODELAY",
            Asking::InTwoWrites,
            true,
            5000,
        ),
        ("one write", Asking::InOneWrite, false, 5000),
        ("one write with TCP_NODELAY", Asking::InOneWrite, true, 5000),
    ] {
        eprintln!("{what}: {questions} requests, {RUNS} times");
        let time = median(|| nagle::time(asking, no_delay, questions))?;
        println!("{what},{:.0}", f64::from(questions) / time.as_secs_f64());
    }
    Ok(())
}

fn throughput() -> Result<()> {
    say("bytes per write,MB per second");
    for power in [0_u32, 2, 4, 6, 8, 10, 12, 14, 16, 18] {
        let size = 1_usize << power;
        // At most 64 MiB and at most 200,000 calls.
        let total = (size * 200_000).min(64 << 20);
        eprintln!("writes of {size} bytes, {total} bytes in all, {RUNS} times");
        let time = median(|| carry(size, total))?;
        #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
        let rate = total as f64 / 1e6 / time.as_secs_f64();
        say(format!("{size},{rate:.2}"));
    }
    Ok(())
}

/// Returns the time until the other end has read all bytes.
fn carry(size: usize, total: usize) -> Result<Duration> {
    let (mut client, mut server) = pair()?;
    client.set_nodelay(true)?;
    let reading = thread::spawn(move || {
        let (mut buffer, mut left) = (vec![0; 256 << 10], total);
        while left > 0 {
            match server.read(&mut buffer)? {
                0 => break,
                count => left -= count,
            }
        }
        std::io::Result::Ok(left)
    });
    let bytes = vec![b'a'; size];
    let begin = Instant::now();
    for _ in 0..total / size {
        client.write_all(&bytes)?;
    }
    let left = reading
        .join()
        .map_err(|_| anyhow!("the reader panicked"))??;
    anyhow::ensure!(left == 0, "{left} bytes did not arrive");
    Ok(begin.elapsed())
}

fn median(mut run: impl FnMut() -> Result<Duration>) -> Result<Duration> {
    let mut times = (0..RUNS).map(|_| run()).collect::<Result<Vec<_>>>()?;
    times.sort();
    Ok(times[RUNS / 2])
}
