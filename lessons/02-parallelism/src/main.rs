//! The tour of lesson 02: concurrency and parallelism, with a global lock and without.

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
    /// Rounds of the CPU-bound program; more make the times steadier
    #[arg(long, default_value_t = 300_000, value_parser = clap::value_parser!(i64).range(1_000..=100_000_000), global = true)]
    rounds: i64,
}

#[derive(Subcommand)]
enum Command {
    /// Run two threads of our interpreter with its lock and without
    Gil,
    /// Run the same programs in Python, if python3 is installed
    Python,
    /// Spread work over all cores in three ways
    Spread,
    /// Increment two counters that share a cache line
    Sharing,
    /// Show which results are the same in every run
    Order,
    /// Print the data for the book's plots as CSV
    Measure {
        /// speedup: by number of workers; false-sharing: nanoseconds per increment
        #[arg(value_parser = ["speedup", "false-sharing"])]
        what: String,
    },
}

/// The result of a part of the tour.
type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    terminal::run("lesson 02", |Arguments { command, rounds }| match command {
        None => tour::show::gil(rounds)
            .and_then(|()| tour::python::show(rounds))
            .and_then(|()| tour::show::spread())
            .and_then(|()| tour::show::sharing())
            .and_then(|()| tour::show::order())
            .map(|()| {
                terminal::next(
                    "write this lock yourself: cargo test --test ex02_gil (chapter 2)",
                );
            }),
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
