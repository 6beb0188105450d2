//! The tour of lesson 03: an explicit switch, gevent's tools in `may`, and their costs.

mod tour {
    pub(crate) mod measure;
    pub(crate) mod show;
}

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Coroutines: the tour. Without a command it shows every part
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Switch explicitly: 12, 56, 34, and why 78 is never printed
    Switch,
    /// Start coroutines, join them, and stop them
    Start,
    /// End a program of coroutines in good order, as after Ctrl-C
    Shutdown,
    /// Wait for one thing: an event, a value, a place in a queue
    Wait,
    /// Compare queues with a bound and without, and stop a worker
    Queues,
    /// Wait for a child process without stopping the worker
    Subprocess,
    /// Wait for many: a group, a pool, select
    Many,
    /// Share data: races, locks, thread-locals and actors
    Share,
    /// Choose a stack: its size, an overflow, how many there can be
    Stacks,
    /// Run the same program with stacks and without
    TwoWays,
    /// Print the data of the book's plots as CSV
    Measure {
        /// Time to start many, or memory of each
        #[arg(value_parser = ["spawn", "memory"])]
        what: String,
    },
    /// Queues, on one worker
    #[command(hide = true)]
    OneWorker,
    /// Overflow a stack
    #[command(hide = true)]
    Overflow,
    /// Hold COUNT of a kind and print how much memory each of them takes
    #[command(hide = true)]
    Hold { kind: String, count: u32 },
}

/// How a part of the tour ends.
type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    // Before the first coroutine, because stacks are reused: a panic in a debug build
    // needs more than the default of 32 KiB.
    may::config().set_stack_size(0x4000);
    terminal::run("lesson 03", |arguments: Arguments| {
        show(arguments).map_err(|error| error.to_string())
    })
}

fn show(arguments: Arguments) -> Outcome {
    match arguments.command {
        None => tour::show::everything(),
        Some(Command::Switch) => tour::show::switch(),
        Some(Command::Start) => tour::show::start(),
        Some(Command::Shutdown) => tour::show::shutdown(),
        Some(Command::Wait) => tour::show::wait(),
        Some(Command::Queues) => tour::show::queues(),
        Some(Command::Subprocess) => tour::show::subprocess(),
        Some(Command::Many) => tour::show::many(),
        Some(Command::Share) => tour::show::share(),
        Some(Command::Stacks) => tour::show::stacks(),
        Some(Command::TwoWays) => tour::show::two_ways(),
        Some(Command::Measure { what }) if what == "spawn" => tour::measure::spawn(),
        Some(Command::Measure { .. }) => tour::measure::memory(),
        Some(Command::OneWorker) => tour::show::one_worker(),
        Some(Command::Overflow) => tour::show::overflow(),
        Some(Command::Hold { kind, count }) => tour::measure::hold(&kind, count),
    }
}
