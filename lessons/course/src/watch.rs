//! Runs an exercise when its file is saved, and shows the first case that fails.

use crate::exercises::{Exercise, Workspace};
use crate::{reader, run};
use anyhow::{Context, Result};
use notify::{RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Editors write a file in several steps; what comes within this time is one save.
const SETTLE: Duration = Duration::from_millis(50);

enum Happened {
    Saved(Vec<PathBuf>),
    Typed(String),
}

/// Watches until the reader types `q`.
///
/// # Errors
/// When the folders cannot be watched or cargo cannot build at all.
pub(crate) fn watch(workspace: &Workspace) -> Result<()> {
    let (happened, next) = mpsc::channel();
    let saved = happened.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if let Ok(event) = event
            && (event.kind.is_modify() || event.kind.is_create())
        {
            // Nobody listens any more when the reader has typed `q`.
            let _ = saved.send(Happened::Saved(event.paths));
        }
    })?;
    let folders: BTreeSet<_> =
        workspace.exercises.iter().map(|exercise| exercise.folder.join("exercises")).collect();
    for folder in folders {
        watcher
            .watch(&folder, RecursiveMode::NonRecursive)
            .with_context(|| format!("cannot watch {}", folder.display()))?;
    }
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if happened.send(Happened::Typed(line)).is_err() {
                break;
            }
        }
    });

    anstream::println!("Save an exercise to run it. h and Enter: a hint. q and Enter: the end.");
    let mut current = None;
    while let Ok(happened) = next.recv() {
        match happened {
            Happened::Typed(line) => match (line.trim(), current) {
                ("q", _) => break,
                ("h", Some(exercise)) => reader::show(&Exercise::hint(exercise))?,
                ("h", None) => anstream::println!("Save an exercise first."),
                _ => {}
            },
            Happened::Saved(mut paths) => {
                let mut typed = None;
                while let Ok(more) = next.recv_timeout(SETTLE) {
                    match more {
                        Happened::Saved(more) => paths.extend(more),
                        Happened::Typed(line) => typed = Some(line),
                    }
                }
                let saved = workspace.exercises.iter().find(|exercise| paths.contains(&exercise.starter()));
                if let Some(exercise) = saved {
                    current = Some(exercise);
                    try_answer(workspace, exercise)?;
                }
                if typed.is_some_and(|line| line.trim() == "q") {
                    break;
                }
            }
        }
    }
    Ok(())
}

fn try_answer(workspace: &Workspace, exercise: &Exercise) -> Result<()> {
    let name = exercise.name.as_str();
    let built = run::build(&workspace.root, &workspace.target, [name])?;
    let Some(program) = &built[name].program else {
        anstream::println!("\n{name} does not compile:\n{}", built[name].complaints.join("\n"));
        return Ok(());
    };
    let outcome = run::run(program, &exercise.folder, None)?;
    let passed = outcome.cases.values().filter(|&&passed| passed).count();
    anstream::println!("\n{name}: {passed} of {} cases pass", outcome.cases.len());
    if outcome.passed() {
        anstream::println!("Done. `cargo run -p course -- diff {name}` shows it beside the solution.");
    } else if let Some(failure) = outcome.first_failure() {
        anstream::println!("{failure}");
    }
    if outcome.timed_out {
        anstream::println!("It did not come to an end and was stopped: is there a loop without an exit?");
    }
    Ok(())
}
