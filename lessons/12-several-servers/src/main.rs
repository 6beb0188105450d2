//! The tour of lesson 12: two servers in one process, and each message that passes between
//! them.

mod tour {
    pub(crate) mod client;
    pub(crate) mod show;
}

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

#[derive(Parser)]
#[command(
    about = "Two servers that share a room: their messages, a server that dies, a bus that is away"
)]
struct Arguments {
    /// How long to wait before each step, in milliseconds
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(0..=10_000))]
    pause: u64,
}

fn main() -> ExitCode {
    terminal::run("lesson 12", |arguments: Arguments| {
        tour::show::run(Duration::from_millis(arguments.pause))
    })
}
