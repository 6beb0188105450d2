//! The tour of lesson 04: from the call `socket` to a message that arrives whole.

mod measure;
mod tour;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Sockets by hand. Without a part, all of them, one after the other.
#[derive(Parser)]
#[command(name = "lesson-04-sockets")]
struct Flags {
    /// The part to show.
    #[command(subcommand)]
    what: Option<What>,
    /// How many bytes a client sends to the talk's server, which reads 64.
    #[arg(long, global = true, default_value_t = 100, value_parser = clap::value_parser!(u16).range(65..=60_000))]
    bytes: u16,
    /// How many questions are asked to see what Nagle's algorithm does.
    #[arg(long, global = true, default_value_t = 10, value_parser = clap::value_parser!(u32).range(3..=200))]
    questions: u32,
}

#[derive(Clone, Copy, Subcommand)]
enum What {
    /// socket, bind, listen, connect, accept, send, recv, close, and what each gives.
    Calls,
    /// Everything is a file: a descriptor in /proc, written like one, as the standard
    /// input of `tr`.
    File,
    /// Two lines in three writes, as the other side reads them.
    Pieces,
    /// What is wrong with the talk's server and client.
    Faults,
    /// Two ways to say where a message ends: a newline, or a length before it.
    Framing,
    /// FIN, half-close and RST, as a program sees them.
    Closing,
    /// An address in use, and the queue before accept.
    Address,
    /// Signals: EINTR and SIGPIPE.
    Signals,
    /// Nagle's algorithm and the forty milliseconds.
    Nagle,
    /// UDP beside TCP.
    Udp,
    /// Sockets with a path.
    Unix,
    /// A telnet counter, watched by two.
    Counter,
    /// The talk's own programs in Python at the other end (skipped without python3).
    Python,
    /// Numbers for the plots, as CSV.
    Measure {
        /// What to measure.
        name: measure::Name,
    },
}

fn main() -> ExitCode {
    terminal::run("lesson 04", |flags: Flags| -> anyhow::Result<()> {
        match flags.what {
            Some(What::Measure { name }) => measure::measure(name)?,
            Some(part) => show(part, &flags)?,
            None => {
                use What::{
                    Address, Calls, Closing, Counter, Faults, File, Framing, Nagle,
                    Pieces, Python, Signals, Udp, Unix,
                };
                for part in [
                    Calls, File, Pieces, Faults, Framing, Closing, Address, Signals,
                    Nagle, Udp, Unix, Counter, Python,
                ] {
                    show(part, &flags)?;
                }
            }
        }
        Ok(())
    })
}

fn show(part: What, flags: &Flags) -> Result<()> {
    match part {
        What::Calls => tour::calls::show(),
        What::File => tour::file::show(),
        What::Pieces => tour::pieces::show(),
        What::Faults => tour::faults::show(flags.bytes.into()),
        What::Framing => tour::framing::show(),
        What::Closing => tour::closing::show(),
        What::Address => tour::address::show(),
        What::Signals => tour::signals::show(),
        What::Nagle => tour::nagle::show(flags.questions),
        What::Udp => tour::udp::show(),
        What::Unix => tour::unix::show(),
        What::Counter => tour::counter::show(),
        What::Python => tour::python::show(),
        What::Measure { name } => measure::measure(name),
    }
}
