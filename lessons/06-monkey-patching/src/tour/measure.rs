//! The data of the chapter's plots, as CSV.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use may::go;
use terminal::say;

use super::echo::ask_all;
use super::join;
use super::others::Others;

/// The number of runs; the median is printed.
const RUNS: usize = 5;

#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Name {
    /// Time for a question and its answer, for four servers and 1 to 1,000 clients.
    Echo,
    /// Time until all of 10 to 10,000 sleepers have slept for 100 ms.
    Sleep,
}

pub(crate) fn measure(name: Name) -> Result<()> {
    match name {
        Name::Echo => echo(),
        Name::Sleep => sleep(),
    }
}

const SERVERS: [(&str, &str, bool); 4] = [
    ("std: threads", "std-echo", false),
    ("std: patched", "patched-echo", false),
    ("std: preloaded", "std-echo", true),
    ("may::net", "may-echo", false),
];

fn echo() -> Result<()> {
    let others = Others::build()?;
    let names: Vec<_> = SERVERS.iter().map(|(name, ..)| *name).collect();
    say(format!("clients,{}", names.join(",")));
    for clients in [1_u32, 10, 100, 1000] {
        let rounds = (20_000 / clients).max(20);
        let mut times = vec![Vec::new(); SERVERS.len()];
        // The servers take turns, so that other work on the machine affects all of them.
        for run in 1..=RUNS {
            eprintln!("{clients} clients, run {run} of {RUNS}");
            for ((_, program, preloaded), times) in SERVERS.iter().zip(&mut times) {
                let server = others.serve(program, *preloaded)?;
                let (mut streams, answered) =
                    ask_all(([127, 0, 0, 1], server.port).into(), clients)?;
                ensure!(
                    answered == clients,
                    "only {answered} of {clients} clients got an answer"
                );
                times.push(
                    ask(&mut streams, rounds)?.as_secs_f64() * 1e6
                        / f64::from(rounds * clients),
                );
            }
        }
        let medians: Vec<_> = times
            .into_iter()
            .map(|times| format!("{:.2}", median(times)))
            .collect();
        say(format!("{clients},{}", medians.join(",")));
    }
    Ok(())
}

/// Sends a question on every connection, then reads every answer, `rounds` times.
fn ask(streams: &mut [TcpStream], rounds: u32) -> Result<Duration> {
    for stream in &mut *streams {
        stream.set_nodelay(true)?;
    }
    let begin = Instant::now();
    for round in 0..rounds {
        let question = [round.to_be_bytes(); 16];
        for stream in &mut *streams {
            stream.write_all(question.as_flattened())?;
        }
        let mut answer = [0; 64];
        for stream in &mut *streams {
            stream.read_exact(&mut answer)?;
        }
        ensure!(
            answer == *question.as_flattened(),
            "an answer differs from its question"
        );
    }
    Ok(begin.elapsed())
}

fn sleep() -> Result<()> {
    say("sleepers,threads,coroutines with the patch");
    for sleepers in [10_u32, 100, 1000, 10_000] {
        eprintln!("{sleepers} sleepers, {RUNS} times");
        let (mut threads, mut coroutines) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let nap = || thread::sleep(Duration::from_millis(100));
            let begin = Instant::now();
            let started: Vec<_> = (0..sleepers)
                .map(|_| thread::Builder::new().spawn(nap))
                .collect::<Result<_, _>>()?;
            for thread in started {
                ensure!(thread.join().is_ok(), "a thread panicked");
            }
            threads.push(begin.elapsed().as_secs_f64() * 1e3);
            let begin = Instant::now();
            let started: Vec<_> = (0..sleepers).map(|_| go!(nap)).collect();
            for coroutine in started {
                join(coroutine)?;
            }
            coroutines.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        say(format!(
            "{sleepers},{:.1},{:.1}",
            median(threads),
            median(coroutines)
        ));
    }
    Ok(())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
