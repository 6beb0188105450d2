//! The tour of lesson 04: from the call `socket` to a message that arrives complete.

mod measure;
mod tour;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Shows what sockets do, call by call. Runs all parts in order if none is given.
#[derive(Parser)]
#[command(name = "lesson-04-sockets")]
struct Flags {
    /// The part to run.
    #[command(subcommand)]
    what: Option<What>,
    /// Length in bytes of the long message in `faults`.
    #[arg(long, global = true, default_value_t = 100, value_parser = clap::value_parser!(u16).range(65..=60_000))]
    bytes: u16,
    /// Number of requests in `nagle`.
    #[arg(long, global = true, default_value_t = 10, value_parser = clap::value_parser!(u32).range(3..=200))]
    questions: u32,
}

#[derive(Clone, Copy, Subcommand)]
enum What {
    /// Make each socket call once and print its result.
    Calls,
    /// Use a socket as a file: in /proc, with `File::write`, as the input of `tr`.
    File,
    /// Send two lines in three writes and print what each read returns.
    Pieces,
    /// Show the faults of the talk's server and client.
    Faults,
    /// Show EINTR and SIGPIPE.
    Signals,
    /// Send the same messages as lines and with a length prefix.
    Framing,
    /// Show what read and write return after FIN, half-close and RST.
    Closing,
    /// Show what happens to a connection whose peer falls silent (Linux).
    Silence,
    /// Serve two clients at once, each from its own thread.
    Counter,
    /// Show `TIME_WAIT`, `SO_REUSEADDR` and the backlog.
    Address,
    /// Show what Nagle's algorithm and delayed ACKs cost together.
    Nagle,
    /// Send the same writes over TCP and over UDP.
    Udp,
    /// Serve over a Unix socket, which has a path instead of a port.
    Unix,
    /// Talk to the talk's own programs in Python (skipped without python3).
    Python,
    /// Print the data for the book's plots as CSV.
    Measure {
        /// Which measurement to run.
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
                    Pieces, Python, Signals, Silence, Udp, Unix,
                };
                for part in [
                    Calls, File, Pieces, Faults, Signals, Framing, Closing, Silence,
                    Counter, Address, Nagle, Udp, Unix, Python,
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
        What::Silence => tour::silence::show(),
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
