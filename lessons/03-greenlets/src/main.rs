//! The tour of lesson 03: switching by hand, gevent's tools in may, and what they cost.

mod tour {
    pub(crate) mod measure;
    pub(crate) mod show;
}

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Coroutines: the tour")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// 12, 56, 34: an explicit switch, and why 78 is never printed
    Switch,
    /// gevent's tools, one after another
    Tools,
    /// Queues with a bound and without, and one that stops the thread
    Queues,
    /// Waiting for programs
    Subprocess,
    /// A race between greenlets, and a variable that is not one's own
    Race,
    /// Stacks: their size, what an overflow does, how many there can be
    Stacks,
    /// The same program with stacks and without
    TwoWays,
    /// Ctrl-C, and how a program of coroutines ends
    Shutdown,
    /// Print, as CSV, what the book's plots show
    Measure {
        /// spawn: milliseconds to start so many and wait for them; memory: KiB of each
        /// while it waits
        #[arg(value_parser = ["spawn", "memory"])]
        what: String,
    },
    /// Queues, on one worker
    #[command(hide = true)]
    OneWorker,
    /// Runs into the end of a stack
    #[command(hide = true)]
    Overflow,
    /// Holds so many units and says how much memory each of them takes
    #[command(hide = true)]
    Hold { kind: String, count: u32 },
}

/// What a part of the tour ends with.
type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    // Before the first coroutine: a panic in a debug build wants more than the default 32
    // KiB, and stacks are kept for reuse.
    may::config().set_stack_size(0x4000);
    terminal::run("lesson 03", |arguments: Arguments| {
        show(arguments).map_err(|error| error.to_string())
    })
}

fn show(arguments: Arguments) -> Outcome {
    match arguments.command {
        None => [
            tour::show::switch,
            tour::show::tools,
            tour::show::queues,
            tour::show::subprocess,
            tour::show::race,
            tour::show::stacks,
            tour::show::two_ways,
            // At the end: from then on Ctrl-C is ours, and we do not listen any more.
            tour::show::shutdown,
        ]
        .iter()
        .try_for_each(|part| part()),
        Some(Command::Switch) => tour::show::switch(),
        Some(Command::Tools) => tour::show::tools(),
        Some(Command::Queues) => tour::show::queues(),
        Some(Command::Subprocess) => tour::show::subprocess(),
        Some(Command::Race) => tour::show::race(),
        Some(Command::Stacks) => tour::show::stacks(),
        Some(Command::TwoWays) => tour::show::two_ways(),
        Some(Command::Shutdown) => tour::show::shutdown(),
        Some(Command::Measure { what }) if what == "spawn" => tour::measure::spawn(),
        Some(Command::Measure { .. }) => tour::measure::memory(),
        Some(Command::OneWorker) => tour::show::one_worker(),
        Some(Command::Overflow) => tour::show::overflow(),
        Some(Command::Hold { kind, count }) => tour::measure::hold(&kind, count),
    }
}
