//! The tour of lesson 05: from the question "who is ready?" to ten thousand connections
//! in one thread.

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

/// The event loop. Without a part, all of them, one after the other.
#[derive(Parser)]
#[command(name = "lesson-05-event-loop")]
struct Flags {
    /// The part to show.
    #[command(subcommand)]
    what: Option<What>,
    /// How many connections the loop holds at once in the part `hold`.
    #[arg(long, global = true, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    connections: u32,
    /// How many lines each client has on their way in the part `echo`, and in what is
    /// measured.
    #[arg(long, global = true, default_value_t = 16, value_parser = clap::value_parser!(u8).range(1..=64))]
    in_flight: u8,
    /// The Python that has gevent, for the servers to be compared with.
    #[arg(long, global = true, default_value = "python3")]
    python: String,
}

#[derive(Clone, Subcommand)]
enum What {
    /// What poll(2) and epoll say about a connection, before and after each step.
    Readiness,
    /// Level and edge trigger, told the same story.
    Trigger,
    /// Timers in order, one cancelled, and the sleep that ends at the next one.
    Timers,
    /// A loop that sleeps, woken by another thread.
    Wake,
    /// A regular file is always ready; a thread for the disk.
    Files,
    /// One callback that is slow delays all.
    Slow,
    /// An `async fn` on this loop.
    Executor,
    /// One thread holds ten thousand connections.
    Hold,
    /// The echo server in each way, at 1,000 connections.
    Echo,
    /// Numbers for the plots, as CSV.
    Measure {
        /// What to measure.
        name: measure::Name,
    },
    /// Serves echo in a process of its own.
    #[command(hide = true)]
    Serve {
        /// In which way.
        way: String,
    },
    /// Asks a server in a process of its own.
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
        use What::{Echo, Executor, Files, Hold, Readiness, Slow, Timers, Trigger, Wake};
        let all = [
            Readiness, Trigger, Timers, Wake, Files, Slow, Executor, Hold, Echo,
        ];
        let parts = flags.what.as_ref().map_or(&all[..], std::slice::from_ref);
        for part in parts {
            show(part, &flags)?;
        }
        Ok(())
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

/// The way of that name.
fn way(name: &str) -> Option<Way> {
    Way::ALL.into_iter().find(|way| way.name() == name)
}
