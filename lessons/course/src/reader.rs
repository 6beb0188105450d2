//! What a reader asks for: the list, a hint, the solution, the difference, a new beginning.

use crate::exercises::{Exercise, Workspace};
use crate::run::{self, Built};
use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result, bail};
use serde::Serialize;
use similar::{ChangeTag, TextDiff};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const STRONG: Style = Style::new().bold();

/// Where an exercise stands, as `--json` prints it.
#[derive(Serialize)]
struct State<'exercise> {
    lesson: &'exercise str,
    name: &'exercise str,
    file: String,
    compiles: bool,
    passed: usize,
    cases: usize,
    #[serde(skip)]
    about: &'exercise str,
}

impl State<'_> {
    fn done(&self) -> bool {
        self.compiles && self.cases > 0 && self.passed == self.cases
    }
}

fn states(workspace: &Workspace) -> Result<Vec<State<'_>>> {
    let names = workspace.exercises.iter().map(|exercise| exercise.name.as_str());
    let built = run::build(&workspace.root, &workspace.target, names)?;
    workspace.exercises.iter().map(|exercise| state(workspace, exercise, &built[&exercise.name])).collect()
}

fn state<'exercise>(
    workspace: &Workspace,
    exercise: &'exercise Exercise,
    built: &Built,
) -> Result<State<'exercise>> {
    let cases = match &built.program {
        Some(program) => run::run(program, &exercise.folder, None)?.cases,
        None => BTreeMap::new(),
    };
    Ok(State {
        lesson: &exercise.lesson,
        name: &exercise.name,
        file: workspace.short(&exercise.starter()).to_string(),
        compiles: built.program.is_some(),
        passed: cases.values().filter(|&&passed| passed).count(),
        cases: cases.len(),
        about: &exercise.about,
    })
}

/// Prints the exercises by lesson, what passes, and what to do next.
///
/// # Errors
/// When cargo cannot build at all.
pub(crate) fn list(workspace: &Workspace) -> Result<()> {
    let states = states(workspace)?;
    let width = states.iter().map(|state| state.name.len()).max().unwrap_or(0);
    let mut lesson = "";
    for state in &states {
        if state.lesson != lesson {
            lesson = state.lesson;
            anstream::println!("{STRONG}{lesson}{STRONG:#}  {}", state.about);
        }
        let (style, mark) = if state.done() { (GOOD, "done") } else { (BAD, "open") };
        let progress = if state.compiles {
            format!("{} of {} cases pass", state.passed, state.cases)
        } else {
            "does not compile".to_owned()
        };
        anstream::println!("  {style}{mark}{style:#}  {:width$}  {progress}", state.name);
    }
    match states.iter().find(|state| !state.done()) {
        Some(next) => {
            anstream::println!("\nNext: edit {}, then `cargo test --test {}`.", next.file, next.name);
            anstream::println!("Stuck? `cargo run -p course -- hint {}`", next.name);
        }
        None => anstream::println!("\nAll done."),
    }
    Ok(())
}

/// Prints the same for programs: an array, an object an exercise.
///
/// # Errors
/// When cargo cannot build at all.
pub(crate) fn json(workspace: &Workspace) -> Result<()> {
    anstream::println!("{}", serde_json::to_string_pretty(&states(workspace)?)?);
    Ok(())
}

/// Prints a file.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn show(file: &Path) -> Result<()> {
    anstream::print!("{}", read(file)?);
    Ok(())
}

/// Prints the answer's lines that the solution has not (-) and the solution's that the answer has not (+).
///
/// # Errors
/// When one of the files cannot be read.
pub(crate) fn diff(exercise: &Exercise) -> Result<()> {
    let (yours, ours) = (read(&exercise.starter())?, read(&exercise.solution())?);
    anstream::println!("{BAD}- your answer{BAD:#}\n{GOOD}+ the solution{GOOD:#}\n");
    for change in TextDiff::from_lines(&yours, &ours).iter_all_changes() {
        let (style, sign) = match change.tag() {
            ChangeTag::Delete => (BAD, '-'),
            ChangeTag::Insert => (GOOD, '+'),
            ChangeTag::Equal => (Style::new(), ' '),
        };
        anstream::println!("{style}{sign} {}{style:#}", change.value().trim_end());
    }
    Ok(())
}

/// Puts the starter back as the repository has it; the answer is kept beside the build's files.
///
/// # Errors
/// When there is no repository, or the reader does not say yes.
pub(crate) fn reset(workspace: &Workspace, exercise: &Exercise, yes: bool) -> Result<()> {
    let file = exercise.starter();
    let answer = read(&file)?;
    let starter = committed(workspace, &file)?;
    if answer == starter {
        anstream::println!("{} is as it was at the beginning.", workspace.short(&file));
        return Ok(());
    }
    if !yes && !confirmed(&format!("Put {} back to its beginning?", workspace.short(&file)))? {
        bail!("nothing was changed");
    }
    let kept = keep(workspace, exercise, &answer)?;
    fs::write(&file, starter).with_context(|| format!("cannot write {}", file.display()))?;
    anstream::println!("Begun again. Your answer is kept in {}", workspace.short(&kept));
    Ok(())
}

/// The file as it was last committed.
fn committed(workspace: &Workspace, file: &Path) -> Result<String> {
    let path = format!("HEAD:./{}", workspace.short(file));
    let git = Command::new("git")
        .current_dir(&workspace.root)
        .args(["show", &path])
        .output()
        .context("cannot run git")?;
    if !git.status.success() {
        bail!("git does not know {}: {}", workspace.short(file), String::from_utf8_lossy(&git.stderr).trim());
    }
    Ok(String::from_utf8(git.stdout)?)
}

/// Stores an answer under a name that is free.
fn keep(workspace: &Workspace, exercise: &Exercise, answer: &str) -> Result<PathBuf> {
    let folder = workspace.target.join("course/kept");
    fs::create_dir_all(&folder)?;
    let mut number = 1;
    loop {
        let file = folder.join(format!("{}.{number}.rs", exercise.name));
        match fs::File::create_new(&file) {
            Ok(mut kept) => {
                kept.write_all(answer.as_bytes())?;
                return Ok(file);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error).with_context(|| format!("cannot write {}", file.display())),
        }
    }
}

fn confirmed(question: &str) -> Result<bool> {
    anstream::print!("{question} [y/N] ");
    io::stdout().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("y"))
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}
