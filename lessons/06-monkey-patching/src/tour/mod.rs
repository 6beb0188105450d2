//! The parts of the tour, a file each, and what they print with.

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

use anyhow::{Result, anyhow, ensure};
use clap::{Parser, Subcommand};
use may::coroutine::JoinHandle;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use terminal::say;

/// Monkey patching. Without a part, all of them, one after the other.
#[derive(Parser)]
#[command(name = "lesson-06-monkey-patching")]
struct Flags {
    /// The part to show.
    #[command(subcommand)]
    what: Option<What>,
    /// How many coroutines sleep at the same time.
    #[arg(long, global = true, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(20..=20_000))]
    sleepers: u32,
    /// How many clients are connected at the same time.
    #[arg(long, global = true, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=9000))]
    clients: u32,
}

#[derive(Clone, Copy, Subcommand)]
enum What {
    /// `std::thread::sleep` in a thousand coroutines on one worker.
    Sleep,
    /// A server written against `std::net` alone, with a thousand clients on one worker.
    Echo,
    /// A program that is not ours, with the patch loaded before it.
    Preload,
    /// The same patch, loaded late.
    Order,
    /// Timeouts and non-blocking sockets are as they were.
    Limits,
    /// A coroutine wakes in another thread, and `errno` is another.
    Moves,
    /// A coroutine that is cancelled in the middle of a call.
    Cancel,
    /// What goes round the patch.
    Around,
    /// No patch: a trait that chooses who waits.
    Choose,
    /// Numbers for the plots, as CSV.
    Measure {
        /// What to measure.
        name: measure::Name,
    },
}

pub(crate) fn main() -> ExitCode {
    terminal::run("lesson 06", |flags: Flags| -> anyhow::Result<()> {
        ensure!(
            monkey_patching::is_patched(),
            "the patch is not in this program: it takes Linux with glibc, and a dynamically linked program"
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
        }
        Ok(())
    })
}

/// Takes as many descriptors as the shell's limit can be raised to: clients and their
/// server want two each.
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
        "this wants {wanted} open files, and this shell allows {most}: `--clients` takes fewer, and \
         `ulimit -Hn` says how many are allowed"
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

/// What the part has found, in lines of at most 80 characters.
pub(crate) fn found(text: &str) {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= 80 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    say(format!("\n{}\n", lines.join("\n")));
}

/// What a coroutine came to.
pub(crate) fn join<T>(coroutine: JoinHandle<T>) -> Result<T> {
    coroutine
        .join()
        .map_err(|_| anyhow!("a coroutine panicked"))
}

/// How many threads this process has.
pub(crate) fn threads() -> io::Result<usize> {
    Ok(fs::read_dir("/proc/self/task")?.count())
}
