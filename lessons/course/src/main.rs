//! `course`: the exercises of the lessons, for the reader and for CI.
//!
//! It remembers nothing. What passes is seen by running it, so the list is true whatever was edited.

mod exercises;
mod mutants;
mod reader;
mod run;
mod verify;
mod watch;

use clap::{Parser, Subcommand};
use exercises::Workspace;
use std::process::ExitCode;
use std::time::Instant;

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
    /// Run an exercise each time that its file is saved
    Watch,
    /// Show a hint
    Hint { name: String },
    /// Show the worked solution
    Solution { name: String },
    /// Show what differs between your answer and the solution
    Diff { name: String },
    /// Begin again; asks first and keeps a copy of your answer
    Reset {
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Prove every exercise: starters, solutions, wrong answers, cases and hints
    Verify,
    /// Change the solutions with cargo-mutants and print which changes no case notices
    Mutants,
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

/// Does what was asked; `false` when a proof found something wrong.
fn perform(arguments: Arguments) -> anyhow::Result<bool> {
    let workspace = Workspace::find()?;
    match arguments.command {
        None if arguments.json => reader::json(&workspace)?,
        None => reader::list(&workspace)?,
        Some(Task::Watch) => watch::watch(&workspace)?,
        Some(Task::Hint { name }) => reader::show(&workspace.exercise(&name)?.hint())?,
        Some(Task::Solution { name }) => reader::show(&workspace.exercise(&name)?.solution())?,
        Some(Task::Diff { name }) => reader::diff(workspace.exercise(&name)?)?,
        Some(Task::Reset { name, yes }) => reader::reset(&workspace, workspace.exercise(&name)?, yes)?,
        Some(Task::Verify) => return proved(&workspace),
        Some(Task::Mutants) => return mutants::mutants(&workspace),
    }
    Ok(true)
}

fn proved(workspace: &Workspace) -> anyhow::Result<bool> {
    let start = Instant::now();
    let errors = verify::verify(workspace)?;
    for error in &errors {
        anstream::println!("{error}");
    }
    let (exercises, seconds) = (workspace.exercises.len(), start.elapsed().as_secs_f32());
    anstream::println!("{exercises} exercises, {} errors, {seconds:.1} s", errors.len());
    Ok(errors.is_empty())
}
