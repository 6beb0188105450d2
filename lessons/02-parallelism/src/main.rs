//! The tour of lesson 02: concurrent and parallel, with a lock and without.

mod tour {
    pub(crate) mod measure;
    pub(crate) mod python;
    pub(crate) mod show;
    pub(crate) mod verdict;
}

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Concurrency and parallelism: the tour")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Rounds of the busy program; more make the times steadier
    #[arg(long, default_value_t = 300_000, value_parser = clap::value_parser!(i64).range(1_000..=100_000_000), global = true)]
    rounds: i64,
}

#[derive(Subcommand)]
enum Command {
    /// Two threads of our interpreter, with its lock and without: CPU work, waiting,
    /// both, native code
    Gil,
    /// The same in real Python, if python3 is here
    Python,
    /// Work on all cores, in three ways
    Spread,
    /// Two counters in one line of memory
    Sharing,
    /// What is the same in each run
    Order,
    /// Print, as CSV, what the book's plots show
    Measure {
        /// speedup: how many times faster with so many workers; false-sharing:
        /// nanoseconds to raise a counter
        #[arg(value_parser = ["speedup", "false-sharing"])]
        what: String,
    },
}

/// What a part of the tour ends with.
type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    terminal::run("lesson 02", |Arguments { command, rounds }| match command {
        None => tour::show::gil(rounds)
            .and_then(|()| tour::python::show(rounds))
            .and_then(|()| tour::show::spread())
            .and_then(|()| tour::show::sharing())
            .and_then(|()| tour::show::order()),
        Some(Command::Gil) => tour::show::gil(rounds),
        Some(Command::Python) => tour::python::show(rounds),
        Some(Command::Spread) => tour::show::spread(),
        Some(Command::Sharing) => tour::show::sharing(),
        Some(Command::Order) => tour::show::order(),
        Some(Command::Measure { what }) if what == "speedup" => tour::measure::speedup(),
        Some(Command::Measure { .. }) => {
            tour::measure::false_sharing();
            Ok(())
        }
    })
}
