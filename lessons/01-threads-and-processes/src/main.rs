//! The tour of lesson 01: what threads and processes share, what the kernel keeps for
//! each, and what a crash destroys.

mod tour {
    pub(crate) mod child;
    pub(crate) mod measure;
    pub(crate) mod show;
}

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Threads and processes: what they share, what they cost, and how they end
#[derive(Parser)]
#[command(after_help = "Runs all parts in order if none is given.")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Increments by each thread or process
    #[arg(long, default_value_t = 1_000)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    times: u64,
}

#[derive(Subcommand)]
enum Command {
    /// Increment one counter in two threads, then in two processes
    Counter,
    /// Show how much a forked child shares, before and after it writes
    CopyOnWrite,
    /// Show what the kernel keeps for each thread
    Kernel,
    /// Borrow, hand over work, and survive a thread's panic
    Threads,
    /// Use pipes both ways, and survive a child's crash
    Processes,
    /// Print the data for the book's plots as CSV
    Measure {
        /// The cost to measure
        what: Cost,
    },
    /// Act as one of the tour's child processes
    #[command(hide = true)]
    Child {
        #[arg(value_parser = ["nothing", "capitals", "fail", "crash", "wait", "echo"])]
        what: String,
    },
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Cost {
    /// Time to start one and wait for it
    Creation,
    /// Time for a round trip between two
    Switch,
    /// Memory per waiting thread or process
    Memory,
}

/// The result of a part: an error if what it shows did not happen.
type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    terminal::run("lesson 01", |arguments: Arguments| {
        show(arguments).map_err(|error| error.to_string())
    })
}

fn show(arguments: Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    match arguments.command {
        None => {
            tour::show::counter(arguments.times)?;
            tour::show::copy_on_write()?;
            tour::show::kernel()?;
            tour::show::threads()?;
            tour::show::processes()?;
            tour::show::next();
        }
        Some(Command::Counter) => tour::show::counter(arguments.times)?,
        Some(Command::CopyOnWrite) => tour::show::copy_on_write()?,
        Some(Command::Kernel) => tour::show::kernel()?,
        Some(Command::Threads) => tour::show::threads()?,
        Some(Command::Processes) => tour::show::processes()?,
        Some(Command::Measure { what }) => tour::measure::measure(what)?,
        Some(Command::Child { what }) => return Ok(tour::child::run(&what)),
    }
    Ok(ExitCode::SUCCESS)
}
