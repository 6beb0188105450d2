//! The tour of lesson 05: from the readiness of one socket to ten thousand connections on
//! one thread.

mod measure;
mod server;
mod tour;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand};
use event_loop::echo::Way;
use event_loop::load::{self, Load};

/// The event loop. Runs all parts in order if none is given.
#[derive(Parser)]
#[command(name = "lesson-05-event-loop")]
struct Flags {
    /// Which part to run.
    #[command(subcommand)]
    what: Option<What>,
    /// The number of connections in the part `hold`.
    #[arg(long, global = true, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    connections: u32,
    /// The number of lines that each client keeps in flight, in the part `echo` and in
    /// measurements.
    #[arg(long, global = true, default_value_t = 16, value_parser = clap::value_parser!(u8).range(1..=64))]
    in_flight: u8,
    /// A Python with gevent, for comparison.
    #[arg(long, global = true, default_value = "python3")]
    python: String,
}

#[derive(Clone, Subcommand)]
enum What {
    /// What poll and epoll report about a connection, step by step.
    Readiness,
    /// The same steps with level and with edge trigger.
    Trigger,
    /// Timers in order, one of them cancelled.
    Timers,
    /// Another thread wakes the loop.
    Wake,
    /// Why a regular file needs a thread.
    Files,
    /// One blocking callback delays all others.
    Slow,
    /// An `async fn` on this loop.
    Executor,
    /// What a dropped future takes with it.
    Cancel,
    /// One thread holds ten thousand connections.
    Hold,
    /// Six echo servers compared, with 1,000 connections each.
    Echo,
    /// Prints the data for the book's plots as CSV.
    Measure {
        /// Which measurement to run.
        name: measure::Name,
    },
    /// Runs an echo server in this process.
    #[command(hide = true)]
    Serve {
        /// Which server.
        way: String,
    },
    /// Runs a load against a server.
    #[command(hide = true)]
    Load {
        server: SocketAddr,
        pid: u32,
        clients: usize,
        lines: usize,
        milliseconds: u64,
    },
}

fn main() -> ExitCode {
    terminal::run("lesson 05", |flags: Flags| -> anyhow::Result<()> {
        use What::{
            Cancel, Echo, Executor, Files, Hold, Readiness, Slow, Timers, Trigger, Wake,
        };
        let all = [
            Readiness, Trigger, Timers, Wake, Files, Slow, Executor, Cancel, Hold, Echo,
        ];
        let parts = flags.what.as_ref().map_or(&all[..], std::slice::from_ref);
        for part in parts {
            show(part, &flags)?;
        }
        match &flags.what {
            None => tour::next(
                "chapter 5 explains each part. Run one alone by its name, or start on the \
                 exercises with `cargo test --test ex05_timers`.",
            ),
            Some(part) => {
                if let Some(section) = section(part) {
                    tour::next(&format!("the section \"{section}\" of chapter 5."));
                }
            }
        }
        Ok(())
    })
}

/// Returns the section of the chapter that explains a part.
fn section(part: &What) -> Option<&'static str> {
    Some(match part {
        What::Readiness => "Readiness",
        What::Trigger => "Level and edge",
        What::Timers => "Timers",
        What::Wake => "Waking the loop from another thread",
        What::Files => "A regular file is always ready",
        What::Slow => "A callback must not block",
        What::Executor => "An executor in forty lines",
        What::Cancel => "Cancellation",
        What::Hold => "Ten thousand connections",
        What::Echo => "Six echo servers",
        What::Measure { .. } | What::Serve { .. } | What::Load { .. } => return None,
    })
}

fn show(part: &What, flags: &Flags) -> Result<()> {
    match part {
        What::Readiness => tour::readiness::show(),
        What::Trigger => tour::trigger::show(),
        What::Timers => tour::timers::show(),
        What::Wake => tour::wake::show(),
        What::Files => tour::files::show(),
        What::Slow => tour::slow::show(),
        What::Executor => tour::executor::show(),
        What::Cancel => tour::cancel::show(),
        What::Hold => tour::hold::show(flags.connections),
        What::Echo => tour::echo::show(&flags.python, flags.in_flight.into()),
        What::Measure { name } => {
            measure::measure(*name, &flags.python, flags.in_flight.into())
        }
        What::Serve { way } => server::serve(way),
        What::Load {
            server,
            pid,
            clients,
            lines,
            milliseconds,
        } => {
            event_loop::process::stay_on(1);
            event_loop::limits::allow_open_files(*clients as u64 + 50)?;
            let (server, pid, connections) = (*server, *pid, *clients);
            let time = Duration::from_millis(*milliseconds);
            server::report(&load::run(&Load {
                server,
                pid,
                connections,
                in_flight: *lines,
                time,
            })?);
            Ok(())
        }
    }
}

/// Returns the server with that name.
fn way(name: &str) -> Option<Way> {
    Way::ALL.into_iter().find(|way| way.name() == name)
}
