//! The tour of lesson 01: who shares what, what the kernel keeps, and what a crash takes
//! with it.

mod tour {
    pub(crate) mod child;
    pub(crate) mod measure;
    pub(crate) mod show;
}

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Threads and processes: the tour")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// How often each unit of execution raises the counter
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    times: u64,
}

#[derive(Subcommand)]
enum Command {
    /// The same counter, raised by two threads and by two processes
    Counter,
    /// How much memory a forked process shares with us, before it writes and after
    CopyOnWrite,
    /// What the kernel keeps for each thread
    Kernel,
    /// Handing work to threads, and what a panic takes with it
    Threads,
    /// Pipes both ways, exit codes, and a crash that the parent survives
    Processes,
    /// Print, as CSV, what the book's plots show
    Measure {
        /// creation: starting one and waiting for its end; switch: from one to the other
        /// and back; memory: of one that waits
        #[arg(value_parser = ["creation", "switch", "memory"])]
        what: String,
    },
    /// What the tour's child processes do
    #[command(hide = true)]
    Child {
        #[arg(value_parser = ["nothing", "capitals", "fail", "crash", "wait", "echo"])]
        what: String,
    },
}

/// What a part of the tour ends with.
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
        }
        Some(Command::Counter) => tour::show::counter(arguments.times)?,
        Some(Command::CopyOnWrite) => tour::show::copy_on_write()?,
        Some(Command::Kernel) => tour::show::kernel()?,
        Some(Command::Threads) => tour::show::threads()?,
        Some(Command::Processes) => tour::show::processes()?,
        Some(Command::Measure { what }) => tour::measure::measure(&what)?,
        Some(Command::Child { what }) => return Ok(tour::child::run(&what)),
    }
    Ok(ExitCode::SUCCESS)
}
