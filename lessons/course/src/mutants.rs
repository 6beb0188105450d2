//! Runs cargo-mutants on the solutions: a change that no case notices is a rule that no
//! case tests.
//!
//! Some changes leave the meaning as it was (`<` for `<=` where equality cannot come),
//! and no case can notice them. They are excused in `.cargo/mutants.toml` at the root of
//! the workspace, which cargo-mutants reads: `exclude_re` is a list of
//! regular expressions, and a change whose line, as it is printed, matches one of them is
//! left out. Each entry has its own line, under a comment that says why no case could tell
//! the difference:
//!
//! ```toml
//! exclude_re = [
//!     # `rest` is never empty here: the loop above ends before.
//!     'ex04_write_all\.rs:.* replace > with >= in send_all',
//! ]
//! ```
//!
//! An entry without a comment is an error.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::exercises::Workspace;

/// Prints the changes that survive, and returns whether all were caught.
///
/// # Errors
/// Returns an error if cargo-mutants is not installed or could not do its work.
pub(crate) fn mutants(workspace: &Workspace, names: &[String]) -> Result<bool> {
    let named = names
        .iter()
        .map(|name| workspace.exercise(name))
        .collect::<Result<Vec<_>>>()?;
    let exercises = if named.is_empty() {
        workspace.exercises.iter().collect()
    } else {
        named
    };
    let excuses = workspace.root.join(".cargo/mutants.toml");
    if let Some(entry) = fs::read_to_string(&excuses)
        .ok()
        .as_deref()
        .and_then(unexplained)
    {
        bail!(
            "{}: no comment above {entry} says why",
            workspace.short(&excuses)
        );
    }
    let cargo =
        || Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let there = cargo()
        .args(["mutants", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !there.context("cannot run cargo")?.success() {
        bail!("cargo-mutants is not installed: `cargo install --locked cargo-mutants`");
    }
    let output = workspace.target.join("course");
    fs::create_dir_all(&output)?;
    let mut mutants = cargo();
    mutants
        .current_dir(&workspace.root)
        .arg("mutants")
        .arg("--output")
        .arg(&output);
    // A separate folder, so that a program built from a changed copy is never taken for
    // one built from the workspace.
    mutants.env("CARGO_TARGET_DIR", output.join("mutants"));
    mutants.args(["--minimum-test-timeout", "20", "--no-shuffle"]);
    let lessons: BTreeSet<_> =
        exercises.iter().map(|exercise| &exercise.lesson).collect();
    for lesson in lessons {
        mutants.args(["--package", lesson]);
    }
    for exercise in &exercises {
        mutants.args(["--file", &format!("**/solutions/{}.rs", exercise.name)]);
    }
    mutants.arg("--");
    if names.is_empty() {
        mutants.args(["--test", "solutions_*"]);
    }
    for exercise in exercises.iter().filter(|_| !names.is_empty()) {
        mutants.args(["--test", &exercise.solutions_name()]);
    }
    let status = mutants.status()?;
    // 2: some survived, 3: some ran into the time limit, which is noticed too.
    match status.code() {
        Some(0 | 3) => Ok(true),
        Some(2) => {
            let missed = output.join("mutants.out/missed.txt");
            let survivors = fs::read_to_string(&missed)
                .with_context(|| format!("cannot read {}", missed.display()))?;
            anstream::println!("no case notices:\n{survivors}");
            Ok(false)
        }
        _ => bail!("cargo-mutants ended with {status}"),
    }
}

/// The first entry of `exclude_re` with no comment above it or behind it.
fn unexplained(text: &str) -> Option<&str> {
    let list = &text[text.find("exclude_re")?..];
    let mut explained = false;
    for line in list.lines().map(str::trim) {
        let entry = line
            .trim_start_matches("exclude_re")
            .trim_start_matches([' ', '=', '[']);
        if entry.starts_with('#') {
            explained = true;
        } else if entry.starts_with(['"', '\'']) {
            if !explained && !entry.contains(" # ") {
                return Some(entry.trim_end_matches([',', ']']));
            }
            explained = false;
        }
        if line.ends_with(']') {
            break;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::unexplained;

    #[test]
    fn each_excuse_has_its_reason() {
        assert_eq!(unexplained("minimum_test_timeout = 5\n"), None);
        assert_eq!(
            unexplained(
                "exclude_re = [\n  # the same\n  'a.rs: x',\n  'b.rs: y', # too\n]\n"
            ),
            None
        );
        assert_eq!(
            unexplained("exclude_re = [\n  # the same\n  'a.rs: x',\n  'b.rs: y',\n]\n"),
            Some("'b.rs: y'")
        );
        assert_eq!(unexplained("exclude_re = [\"a\"]\n"), Some("\"a\""));
    }
}
