//! The parts of the tour, one per file, and the functions that they print with.

mod around;
mod cancel;
mod choose;
mod echo;
mod limits;
mod measure;
mod moves;
mod order;
mod others;
mod preload;
mod sleep;

use std::fmt::Display;
use std::process::ExitCode;
use std::{fs, io};

use anstyle::{AnsiColor, Style};
use anyhow::{Result, anyhow, ensure};
use clap::{Parser, Subcommand};
use may::coroutine::JoinHandle;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use terminal::say;

/// Shows monkey patching at work. Runs all parts in order if none is given.
#[derive(Parser)]
#[command(name = "lesson-06-monkey-patching")]
struct Flags {
    /// The part to run.
    #[command(subcommand)]
    what: Option<What>,
    /// Number of coroutines that sleep.
    #[arg(long, global = true, default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(20..=20_000))]
    sleepers: u32,
    /// Number of connected clients.
    #[arg(long, global = true, default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(1..=9000))]
    clients: u32,
}

/// The last line of the whole tour.
const NEXT: &str = "Next: read \"Pass or park\" in chapter 6, then try\n      \
                    `cargo run -p course -- watch ex06_decide`.";

#[derive(Clone, Copy, Subcommand)]
enum What {
    /// `std::thread::sleep` in a thousand coroutines on one worker.
    Sleep,
    /// A server that uses only `std::net`: a thousand clients, one worker.
    Echo,
    /// A program that we cannot change, with the patch preloaded.
    Preload,
    /// The same patch, loaded too late.
    Order,
    /// Timeouts and non-blocking sockets, which work as before.
    Limits,
    /// A coroutine that resumes on another thread, with another `errno`.
    Moves,
    /// A coroutine that is cancelled in the middle of a call.
    Cancel,
    /// Calls that bypass the patch.
    Around,
    /// The alternative: a trait that chooses how to wait.
    Choose,
    /// Prints the data for the book's plots as CSV.
    Measure {
        /// The measurement to run.
        name: measure::Name,
    },
}

pub(crate) fn main() -> ExitCode {
    terminal::run("lesson 06", |flags: Flags| -> anyhow::Result<()> {
        ensure!(
            monkey_patching::is_patched(),
            "this program is not patched: the patch needs Linux with glibc and dynamic \
             linking"
        );
        let clients = match flags.what {
            None | Some(What::Echo | What::Preload) => flags.clients,
            Some(What::Measure { .. }) => 1000,
            Some(_) => 0,
        };
        raise_limit(u64::from(clients))?;
        may::config().set_workers(1).set_stack_size(0x4000);
        if let Some(part) = flags.what {
            show(part, &flags)?;
        } else {
            use What::{
                Around, Cancel, Choose, Echo, Limits, Moves, Order, Preload, Sleep,
            };
            for part in [
                Sleep, Echo, Preload, Order, Limits, Moves, Cancel, Around, Choose,
            ] {
                show(part, &flags)?;
            }
            say(NEXT);
        }
        Ok(())
    })
}

/// Raises the limit of open files as far as it goes: each client needs two, one for
/// itself and one for the server.
fn raise_limit(clients: u64) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    );
    let (wanted, most) = (2 * clients + 64, limit.maximum.unwrap_or(u64::MAX));
    ensure!(
        most >= wanted,
        "this needs {wanted} open files and this shell allows {most} (`ulimit -Hn`): \
         use a smaller `--clients`"
    );
    Ok(())
}

fn show(part: What, flags: &Flags) -> Result<()> {
    match part {
        What::Sleep => sleep::show(flags.sleepers),
        What::Echo => echo::show(flags.clients),
        What::Preload => preload::show(flags.clients),
        What::Order => order::show(),
        What::Limits => limits::show(),
        What::Moves => moves::show(),
        What::Cancel => cancel::show(),
        What::Around => around::show(),
        What::Choose => choose::show(),
        What::Measure { name } => measure::measure(name),
    }
}

pub(crate) fn heading(text: &str) {
    terminal::heading(text);
    say("");
}

pub(crate) fn row(text: impl Display) {
    say(format_args!("  {text}"));
}

/// Prints the thing to remember of a part, set apart and wrapped at 80 columns.
pub(crate) fn found(text: &str) {
    const WIDTH: usize = 80;
    let style = Style::new().fg_color(Some(AnsiColor::Cyan.into()));
    say("");
    let mut line = "=>".to_owned();
    for word in text.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            say(format_args!("{style}{line}{style:#}"));
            "  ".clone_into(&mut line);
        }
        line.push(' ');
        line.push_str(word);
    }
    say(format_args!("{style}{line}{style:#}\n"));
}

/// Waits for a coroutine and returns its result.
pub(crate) fn join<T>(coroutine: JoinHandle<T>) -> Result<T> {
    coroutine
        .join()
        .map_err(|_| anyhow!("a coroutine panicked"))
}

/// Returns the number of threads of this process.
pub(crate) fn threads() -> io::Result<usize> {
    Ok(fs::read_dir("/proc/self/task")?.count())
}
