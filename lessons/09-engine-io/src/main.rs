//! The tour of lesson 09: a session in slow motion, against the real server. Each packet
//! is printed when it is sent or received.

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
#[command(about = "An Engine.IO session in slow motion")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// How long to wait before each step, in milliseconds
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u64).range(0..=10_000))]
    pause: u64,
    /// The time from a pong to the next ping, in milliseconds
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(50..=10_000))]
    ping_interval: u64,
    /// How long the client may take to answer a ping, in milliseconds
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u64).range(50..=10_000))]
    ping_timeout: u64,
}

#[derive(Subcommand)]
enum Command {
    /// Print the figures of the book's plots as CSV
    Measure {
        /// overhead: bytes on the wire for a message there and back, by its length
        #[arg(value_parser = ["overhead"])]
        what: String,
    },
}

fn main() -> ExitCode {
    terminal::run("lesson 09", |arguments: Arguments| {
        match arguments.command {
            Some(Command::Measure { .. }) => tour::measure::overhead(),
            None => {
                let interval = Duration::from_millis(arguments.ping_interval);
                let timeout = Duration::from_millis(arguments.ping_timeout);
                tour::show::run(Duration::from_millis(arguments.pause), interval, timeout)
            }
        }
    })
}
