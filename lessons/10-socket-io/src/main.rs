//! The tour of lesson 10: two clients and a server. Each packet is printed when it is sent
//! or received.

mod tour {
    pub(crate) mod client;
    pub(crate) mod measure;
    pub(crate) mod server;
    pub(crate) mod show;
}

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    about = "Socket.IO packets as they pass: a namespace, a room, acknowledgements, bytes"
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// How long to wait before each packet, in milliseconds
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(0..=10_000))]
    pause: u64,
}

#[derive(Subcommand)]
enum Command {
    /// Print the figures of the book's plots as CSV
    Measure {
        /// broadcast: what preparing a broadcast costs, encoded once and encoded for each
        /// receiver
        #[arg(value_parser = ["broadcast"])]
        what: String,
    },
}

fn main() -> ExitCode {
    terminal::run("lesson 10", |arguments: Arguments| {
        match arguments.command {
            Some(Command::Measure { .. }) => {
                tour::measure::broadcast();
                Ok(())
            }
            None => tour::show::run(Duration::from_millis(arguments.pause)),
        }
    })
}
