//! What a reader asks for: the list, a hint, the solution, the difference, a new
//! beginning.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anstyle::Style;
use anyhow::{Context, Result, bail};
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use crate::attempt::{self, Attempt, BAD, GOOD, Line, STRONG};
use crate::exercises::{Exercise, Workspace};

/// The width of the list, and of all that is no terminal.
const WIDTH: usize = 80;

/// Where an exercise stands, as `--json` prints it.
#[derive(Serialize)]
struct State<'exercise> {
    lesson: &'exercise str,
    name: &'exercise str,
    file: String,
    compiles: bool,
    passed: usize,
    cases: usize,
}

/// Tries all, and says so on a terminal: the first time takes as long as the compiler
/// does.
fn attempts(workspace: &Workspace) -> Result<Vec<Attempt>> {
    let waiting = io::stderr().is_terminal();
    if waiting {
        anstream::eprint!(
            "Building and trying {} exercises …",
            workspace.exercises.len()
        );
    }
    let attempts = attempt::all(workspace);
    if waiting {
        anstream::eprint!("\r{:WIDTH$}\r", "");
    }
    attempts
}

/// Prints the exercises by lesson, what passes, and what to do next.
///
/// # Errors
/// When cargo cannot build at all.
pub(crate) fn list(workspace: &Workspace) -> Result<()> {
    let attempts = attempts(workspace)?;
    let all: Vec<_> = workspace.exercises.iter().zip(&attempts).collect();
    let width = all
        .iter()
        .map(|(exercise, _)| exercise.name.len())
        .max()
        .unwrap_or(0);
    let next = all.iter().position(|(_, attempt)| !attempt.done());
    let mut place = 0;
    for lesson in all.chunk_by(|(one, _), (other, _)| one.lesson == other.lesson) {
        let done = lesson.iter().filter(|(_, attempt)| attempt.done()).count();
        let first = lesson[0].0;
        let progress =
            format!("{} {done} of {}", bar(done, lesson.len(), 10), lesson.len());
        let room = WIDTH
            .saturating_sub(first.lesson.chars().count() + progress.chars().count() + 4);
        let about = shortened(&first.about, room);
        anstream::println!(
            "{STRONG}{}{STRONG:#}  {about:room$}  {progress}",
            first.lesson
        );
        for (exercise, attempt) in lesson {
            let (style, mark) = mark(attempt);
            let arrow = if next == Some(place) { "  <- next" } else { "" };
            let name = &exercise.name;
            anstream::println!(
                "  {style}{mark}{style:#}  {name:width$}  {}{arrow}",
                attempt.progress()
            );
            place += 1;
        }
    }
    let done = attempts.iter().filter(|attempt| attempt.done()).count();
    anstream::println!(
        "\n{} {done} of {} exercises done",
        bar(done, all.len(), 30),
        all.len()
    );
    let Some((exercise, attempt)) = next.map(|next| all[next]) else {
        anstream::println!("All done.");
        return Ok(());
    };
    anstream::println!("\n{STRONG}Next: {}{STRONG:#}", exercise.name);
    print(&attempt::result(workspace, exercise, attempt));
    anstream::println!("\nTry it:  cargo test --test {}", exercise.name);
    anstream::println!("Stuck?   cargo run -p course -- hint {}", exercise.name);
    anstream::println!("On save: cargo run -p course -- watch");
    Ok(())
}

/// Tries one exercise and says what came of it; whether all cases pass.
///
/// # Errors
/// When cargo cannot build at all.
pub(crate) fn run(workspace: &Workspace, exercise: &Exercise) -> Result<bool> {
    let attempt = attempt::one(workspace, exercise)?;
    report(workspace, exercise, &attempt);
    Ok(attempt.done())
}

/// Prints what came of an attempt.
pub(crate) fn report(workspace: &Workspace, exercise: &Exercise, attempt: &Attempt) {
    anstream::println!(
        "{STRONG}{}{STRONG:#}: {}",
        exercise.name,
        attempt.progress()
    );
    print(&attempt::result(workspace, exercise, attempt));
}

fn print(lines: &[Line]) {
    for Line { style, text } in lines {
        for part in attempt::wrap(text, WIDTH - 2) {
            anstream::println!("{}", format!("  {style}{part}{style:#}").trim_end());
        }
    }
}

/// `done` or `open`, in its colour.
pub(crate) fn mark(attempt: &Attempt) -> (Style, &'static str) {
    if attempt.done() {
        (GOOD, "done")
    } else {
        (BAD, "open")
    }
}

/// A picture of `done` of `all`.
pub(crate) fn bar(done: usize, all: usize, width: usize) -> String {
    let full = (done * width).checked_div(all).unwrap_or(0);
    "█".repeat(full) + &"░".repeat(width - full)
}

/// The text, or as much of it as there is room for.
pub(crate) fn shortened(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Prints the same for programs: an array, an object an exercise.
///
/// # Errors
/// When cargo cannot build at all.
pub(crate) fn json(workspace: &Workspace) -> Result<()> {
    let attempts = attempts(workspace)?;
    let states = workspace
        .exercises
        .iter()
        .zip(&attempts)
        .map(|(exercise, attempt)| State {
            lesson: &exercise.lesson,
            name: &exercise.name,
            file: workspace.short(&exercise.starter()).to_string(),
            compiles: attempt.compiles(),
            passed: attempt.passed(),
            cases: attempt.cases(),
        });
    anstream::println!(
        "{}",
        serde_json::to_string_pretty(&states.collect::<Vec<_>>())?
    );
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

/// Prints the answer's lines that the solution has not (-) and the solution's that the
/// answer has not (+).
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

/// Puts the starter back as the repository has it; the answer is kept beside the build's
/// files.
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
    if !yes
        && !confirmed(&format!(
            "Put {} back to its beginning?",
            workspace.short(&file)
        ))?
    {
        bail!("nothing was changed");
    }
    let kept = keep(workspace, exercise, &answer)?;
    fs::write(&file, starter)
        .with_context(|| format!("cannot write {}", file.display()))?;
    anstream::println!(
        "Begun again. Your answer is kept in {}",
        workspace.short(&kept)
    );
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
        bail!(
            "git does not know {}: {}",
            workspace.short(file),
            String::from_utf8_lossy(&git.stderr).trim()
        );
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
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("cannot write {}", file.display()));
            }
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
