//! `course` runs the exercises of the lessons for the reader, and proves them in CI.
//!
//! Progress is whatever passes now. Results are kept under a hash of everything that they
//! depend on (`cache.rs`), so the list is both quick and true, whatever was edited.

mod attempt;
mod cache;
mod exercises;
mod mutants;
mod reader;
mod run;
mod tries;
mod verify;
mod watch;

use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use exercises::Workspace;

/// Lists the exercises with what passes now and what comes next
#[derive(Parser)]
#[command(name = "course", version)]
struct Arguments {
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: Option<Task>,
}

#[derive(Subcommand)]
enum Task {
    /// List the exercises, as without any command
    List,
    /// Show the first exercise that is not done, and how to start
    First,
    /// Run one exercise, and say in sentences what is missing
    Run { name: String },
    /// Run an exercise whenever its file is saved; the screen's last line lists the keys
    Watch,
    /// Show a hint
    Hint { name: String },
    /// Show the worked solution
    Solution { name: String },
    /// Show what differs between your answer and the solution
    Diff { name: String },
    /// Start over; asks first and keeps a copy of your answer
    Reset {
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Prove the exercises: starters, solutions, wrong answers, cases and hints
    Verify {
        /// Only exercises whose name contains this
        filter: Option<String>,
    },
    /// Change the solutions with cargo-mutants and print which changes no case notices
    ///
    /// A change that leaves the meaning as it was cannot be noticed. Excuse it in
    /// `.cargo/mutants.toml` of the workspace: an entry of `exclude_re` that matches
    /// its line as printed, under a comment that says why it is the same.
    Mutants {
        /// Only the solutions of these exercises; all when none is named
        names: Vec<String>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match perform(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            anstream::eprintln!("course: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Performs the command; returns `false` if a proof found a fault or an answer is not done.
fn perform(arguments: Arguments) -> anyhow::Result<bool> {
    let workspace = Workspace::find()?;
    match arguments.command {
        None if arguments.json => reader::json(&workspace)?,
        None | Some(Task::List) => reader::list(&workspace)?,
        Some(Task::First) => reader::first(&workspace)?,
        Some(Task::Run { name }) => {
            return reader::run(&workspace, workspace.exercise(&name)?);
        }
        Some(Task::Watch) => watch::watch(workspace)?,
        Some(Task::Hint { name }) => reader::show(&workspace.exercise(&name)?.hint())?,
        Some(Task::Solution { name }) => {
            reader::show(&workspace.exercise(&name)?.solution())?;
        }
        Some(Task::Diff { name }) => reader::diff(workspace.exercise(&name)?)?,
        Some(Task::Reset { name, yes }) => {
            reader::reset(&workspace, workspace.exercise(&name)?, yes)?;
        }
        Some(Task::Verify { filter }) => return proved(&workspace, filter.as_deref()),
        Some(Task::Mutants { names }) => return mutants::mutants(&workspace, &names),
    }
    Ok(true)
}

fn proved(workspace: &Workspace, filter: Option<&str>) -> anyhow::Result<bool> {
    let start = Instant::now();
    let errors = verify::verify(workspace, filter)?;
    for error in &errors {
        anstream::println!("{error}");
    }
    let (exercises, seconds) = (workspace.exercises.len(), start.elapsed().as_secs_f32());
    anstream::println!(
        "{exercises} exercises, {} errors, {seconds:.1} s",
        errors.len()
    );
    Ok(errors.is_empty())
}
