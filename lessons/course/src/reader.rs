//! The reader's commands: the list, the first exercise, a hint, the solution, the
//! differences, a reset.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anstyle::Style;
use anyhow::{Context, Result, bail};
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use crate::attempt::{self, Attempt, BAD, FAINT, GOOD, Line, PLAIN, STRONG, State};
use crate::exercises::{Exercise, Workspace};
use crate::tries;

/// The width of output that does not go to a terminal.
const WIDTH: usize = 80;

/// The widest line of prose that is still pleasant to read.
const PROSE: usize = 100;

/// Where an exercise stands, as `--json` prints it.
#[derive(Serialize)]
struct Entry<'exercise> {
    lesson: &'exercise str,
    name: &'exercise str,
    file: String,
    state: State,
    compiles: bool,
    passed: usize,
    cases: usize,
}

/// Tries every answer that changed. On a terminal one line shows how far it got: the first
/// time takes as long as the compiler does.
fn attempts(workspace: &Workspace) -> Result<Vec<Attempt>> {
    let shown = io::stderr().is_terminal();
    let attempts = tries::all(workspace, &|what| {
        if shown {
            anstream::eprint!("\r{:1$}", shortened(&what, WIDTH - 1), WIDTH - 1);
        }
    });
    if shown {
        anstream::eprint!("\r{:1$}\r", "", WIDTH - 1);
    }
    attempts
}

/// Returns the columns of the terminal; `COLUMNS` overrides it.
fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok();
    let columns = columns.and_then(|columns| columns.parse().ok());
    let columns = columns.or_else(|| {
        let terminal = io::stdout().is_terminal();
        let (columns, _) = terminal.then(crossterm::terminal::size)?.ok()?;
        Some(usize::from(columns))
    });
    columns.unwrap_or(WIDTH).clamp(40, 120)
}

/// Prints the exercises by lesson, what passes, and what to do next.
///
/// # Errors
/// Returns an error if cargo cannot build at all.
pub(crate) fn list(workspace: &Workspace) -> Result<()> {
    let attempts = attempts(workspace)?;
    let all: Vec<_> = workspace.exercises.iter().zip(&attempts).collect();
    let columns = width();
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
        let taken = first.lesson.chars().count() + progress.chars().count() + 4;
        let room = columns.saturating_sub(taken);
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
    // The cases themselves are for `run` and `watch`: here they would push the list away.
    let mut lines = attempt::result(workspace, exercise, attempt);
    if let Some(cases) = lines.iter().rposition(|line| line.text.is_empty())
        && lines[cases + 1..].iter().all(|line| is_case(&line.text))
    {
        lines.truncate(cases);
    }
    print(&lines);
    how_to_go_on(workspace, exercise);
    Ok(())
}

fn is_case(text: &str) -> bool {
    text.starts_with(['✓', '✗', '·'])
}

fn how_to_go_on(workspace: &Workspace, exercise: &Exercise) {
    let (name, command) = (&exercise.name, workspace.command);
    anstream::println!("\nTry it:  cargo test --test {name}");
    anstream::println!("Stuck?   {command} hint {name}");
    anstream::println!("On save: {command} watch");
}

/// Prints the first exercise that is not done, and how to start: for a reader who wants
/// one exercise now. Builds no lesson that comes after it.
///
/// # Errors
/// Returns an error if cargo cannot build at all.
pub(crate) fn first(workspace: &Workspace) -> Result<()> {
    for exercise in &workspace.exercises {
        let shown = io::stderr().is_terminal();
        let attempt = tries::one(workspace, exercise, &|what| {
            if shown {
                anstream::eprint!("\r{:1$}", shortened(&what, WIDTH - 1), WIDTH - 1);
            }
        });
        if shown {
            anstream::eprint!("\r{:1$}\r", "", WIDTH - 1);
        }
        let attempt = attempt?;
        if !attempt.done() {
            report(workspace, exercise, &attempt);
            how_to_go_on(workspace, exercise);
            return Ok(());
        }
    }
    anstream::println!("All done.");
    Ok(())
}

/// Tries one exercise and prints the result; returns whether all cases pass.
///
/// # Errors
/// Returns an error if cargo cannot build at all.
pub(crate) fn run(workspace: &Workspace, exercise: &Exercise) -> Result<bool> {
    let attempt = tries::one(workspace, exercise, &|_| {})?;
    report(workspace, exercise, &attempt);
    Ok(attempt.done())
}

/// Prints the result of an attempt.
pub(crate) fn report(workspace: &Workspace, exercise: &Exercise, attempt: &Attempt) {
    anstream::println!(
        "{STRONG}{}{STRONG:#}: {}",
        exercise.name,
        attempt.progress()
    );
    print(&attempt::result(workspace, exercise, attempt));
}

fn print(lines: &[Line]) {
    let width = width().min(PROSE) - 2;
    for Line { style, text } in lines {
        for part in attempt::wrap(text, width) {
            anstream::println!("{}", format!("  {style}{part}{style:#}").trim_end());
        }
    }
}

/// Returns the mark of a state and its color. An untouched exercise is not a failure,
/// so its mark is neutral.
pub(crate) fn mark(attempt: &Attempt) -> (Style, &'static str) {
    match attempt.state() {
        State::Done => (GOOD, "✓"),
        State::NotBegun => (FAINT, "·"),
        State::Begun | State::DoesNotCompile => (PLAIN, "◐"),
    }
}

/// Returns a bar of `width` cells. The first of many already fills a cell, and only the
/// last one fills the last cell.
pub(crate) fn bar(done: usize, all: usize, width: usize) -> String {
    let full = match done {
        0 => 0,
        done if done >= all => width,
        done => (done * width / all).clamp(1, width - 1),
    };
    "█".repeat(full) + &"░".repeat(width - full)
}

/// Returns the text, or as much of it as there is room for.
pub(crate) fn shortened(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Prints the list for programs: an array with an object per exercise.
///
/// # Errors
/// Returns an error if cargo cannot build at all.
pub(crate) fn json(workspace: &Workspace) -> Result<()> {
    let attempts = attempts(workspace)?;
    let entries = workspace
        .exercises
        .iter()
        .zip(&attempts)
        .map(|(exercise, attempt)| Entry {
            lesson: &exercise.lesson,
            name: &exercise.name,
            file: workspace.short(&exercise.starter()).to_string(),
            state: attempt.state(),
            compiles: attempt.compiles(),
            passed: attempt.passed(),
            cases: attempt.cases(),
        });
    anstream::println!(
        "{}",
        serde_json::to_string_pretty(&entries.collect::<Vec<_>>())?
    );
    Ok(())
}

/// Prints a file.
///
/// # Errors
/// Returns an error if it cannot be read.
pub(crate) fn show(file: &Path) -> Result<()> {
    anstream::print!("{}", read(file)?);
    Ok(())
}

/// Prints how the answer differs from the solution.
///
/// # Errors
/// Returns an error if one of the files cannot be read.
pub(crate) fn diff(exercise: &Exercise) -> Result<()> {
    for Line { style, text } in differences(exercise)? {
        anstream::println!("{style}{text}{style:#}");
    }
    Ok(())
}

/// Returns the answer's lines that the solution lacks (-) and the solution's lines that
/// the answer lacks (+), with the lines around them. The task at the head of the answer is
/// not part of it.
pub(crate) fn differences(exercise: &Exercise) -> Result<Vec<Line>> {
    let code = |file: &Path| -> Result<String> {
        let text = read(file)?;
        let head = |line: &&str| line.starts_with("//!") || line.trim().is_empty();
        let length: usize = text
            .split_inclusive('\n')
            .take_while(head)
            .map(str::len)
            .sum();
        Ok(text[length..].to_owned())
    };
    let (yours, ours) = (code(&exercise.starter())?, code(&exercise.solution())?);
    let mut lines = vec![
        attempt::line(BAD, "- your answer"),
        attempt::line(GOOD, "+ the solution"),
        attempt::line(PLAIN, ""),
    ];
    for change in TextDiff::from_lines(&yours, &ours).iter_all_changes() {
        let (style, sign) = match change.tag() {
            ChangeTag::Delete => (BAD, '-'),
            ChangeTag::Insert => (GOOD, '+'),
            ChangeTag::Equal => (PLAIN, ' '),
        };
        let text = format!("{sign} {}", change.value().trim_end());
        lines.push(attempt::line(style, text));
    }
    Ok(lines)
}

/// Restores the starter from the repository; the answer is kept in the target folder.
///
/// # Errors
/// Returns an error outside of a repository, or if the reader does not confirm.
pub(crate) fn reset(workspace: &Workspace, exercise: &Exercise, yes: bool) -> Result<()> {
    let file = exercise.starter();
    let answer = read(&file)?;
    let starter = committed(workspace, &file)?;
    if answer == starter {
        anstream::println!("{} is unchanged.", workspace.short(&file));
        return Ok(());
    }
    if !yes
        && !confirmed(&format!(
            "Reset {} to its starting state?",
            workspace.short(&file)
        ))?
    {
        bail!("nothing was changed");
    }
    let kept = keep(workspace, exercise, &answer)?;
    fs::write(&file, starter)
        .with_context(|| format!("cannot write {}", file.display()))?;
    anstream::println!("Reset. Your answer was saved to {}", workspace.short(&kept));
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

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn the_bar_moves_with_the_first_exercise_and_is_full_with_the_last() {
        assert_eq!(bar(0, 36, 30), "░".repeat(30));
        assert_eq!(bar(1, 36, 30), "█".to_owned() + &"░".repeat(29));
        assert_eq!(bar(35, 36, 30), "█".repeat(29) + "░");
        assert_eq!(bar(36, 36, 30), "█".repeat(30));
        assert_eq!(bar(0, 0, 3), "░".repeat(3));
    }
}
