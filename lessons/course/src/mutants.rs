//! Has cargo-mutants change the solutions: a change that no case notices is a rule that no case holds.

use crate::exercises::Workspace;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

/// Prints the changes that survive; whether there are none.
///
/// # Errors
/// When cargo-mutants is not installed or could not do its work.
pub(crate) fn mutants(workspace: &Workspace) -> Result<bool> {
    let cargo = || Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let there = cargo().args(["mutants", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !there.context("cannot run cargo")?.success() {
        bail!("cargo-mutants is not installed: `cargo install --locked cargo-mutants`");
    }
    let output = workspace.target.join("course");
    fs::create_dir_all(&output)?;
    let mut mutants = cargo();
    mutants.current_dir(&workspace.root).arg("mutants").arg("--output").arg(&output);
    mutants.args(["--file", "**/solutions/*.rs", "--minimum-test-timeout", "20", "--no-shuffle"]);
    let lessons: BTreeSet<_> = workspace.exercises.iter().map(|exercise| &exercise.lesson).collect();
    for lesson in lessons {
        mutants.args(["--package", lesson]);
    }
    let status = mutants.args(["--", "--test", "solution_*"]).status()?;
    // 2: some survived, 3: some ran into the time limit, which is noticed too.
    match status.code() {
        Some(0 | 3) => Ok(true),
        Some(2) => {
            let missed = output.join("mutants.out/missed.txt");
            let survivors =
                fs::read_to_string(&missed).with_context(|| format!("cannot read {}", missed.display()))?;
            anstream::println!("no case notices:\n{survivors}");
            Ok(false)
        }
        _ => bail!("cargo-mutants ended with {status}"),
    }
}
