//! The result of trying an answer, and its sentences.
//!
//! The output of libtest is correct but hard to read: the first failure is buried among
//! thread numbers and remarks on backtraces. A reader wants one failing case at a time, the
//! simplest first, and the file and the section to open.

use std::fs;
use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::exercises::{Exercise, Workspace};
use crate::run::{self, Built, Outcome, function};

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
pub(crate) const STRONG: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const PLAIN: Style = Style::new();

/// How far the reader is with an exercise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// The starter, as it was: every case stops at a `todo!`.
    NotBegun,
    /// The compiler rejects the answer.
    DoesNotCompile,
    /// Not all cases pass.
    Begun,
    /// All cases pass.
    Done,
}

/// The result of trying an answer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// The compiler's errors and warnings.
    complaints: Vec<String>,
    /// How its cases ended; `None` if it did not compile.
    outcome: Option<Outcome>,
}

impl Attempt {
    /// Runs the cases of an answer that was built.
    ///
    /// # Errors
    /// Returns an error if the program cannot be started.
    pub(crate) fn new(exercise: &Exercise, built: &mut Built) -> Result<Self> {
        let outcome = match &built.program {
            Some(program) => Some(run::run(program, &exercise.folder, &[])?),
            None => None,
        };
        Ok(Self {
            complaints: std::mem::take(&mut built.complaints),
            outcome,
        })
    }

    /// Returns whether the answer compiles.
    pub(crate) fn compiles(&self) -> bool {
        self.outcome.is_some()
    }

    /// Returns whether the cases were stopped before they ended.
    pub(crate) fn stopped(&self) -> bool {
        self.outcome
            .as_ref()
            .is_some_and(|outcome| outcome.timed_out || outcome.cases.is_empty())
    }

    /// Returns the number of cases.
    pub(crate) fn cases(&self) -> usize {
        self.outcome
            .as_ref()
            .map_or(0, |outcome| outcome.cases.len())
    }

    /// Returns the number of cases that pass.
    pub(crate) fn passed(&self) -> usize {
        self.outcome.as_ref().map_or(0, |outcome| {
            outcome.cases.values().filter(|&&passed| passed).count()
        })
    }

    /// Returns whether all cases pass.
    pub(crate) fn done(&self) -> bool {
        self.outcome.as_ref().is_some_and(Outcome::passed)
    }

    /// Returns how far the reader is.
    pub(crate) fn state(&self) -> State {
        match &self.outcome {
            None => State::DoesNotCompile,
            Some(outcome) if outcome.passed() => State::Done,
            Some(outcome)
                if self.passed() == 0 && outcome.output.contains(NOT_WRITTEN) =>
            {
                State::NotBegun
            }
            Some(_) => State::Begun,
        }
    }

    /// Returns the state in a few words.
    pub(crate) fn progress(&self) -> String {
        let cases = self.cases();
        match self.state() {
            State::DoesNotCompile => "does not compile".to_owned(),
            State::NotBegun if cases == 1 => "not begun, 1 case".to_owned(),
            State::NotBegun => format!("not begun, {cases} cases"),
            State::Begun => format!("{} of {cases} cases pass", self.passed()),
            State::Done => format!("all {cases} cases pass"),
        }
    }
}

/// The message of a `todo!`.
const NOT_WRITTEN: &str = "not yet implemented";

/// A line of text, before it is folded to a width.
pub(crate) struct Line {
    pub style: Style,
    pub text: String,
}

pub(crate) fn line(style: Style, text: impl Into<String>) -> Line {
    Line {
        style,
        text: text.into(),
    }
}

/// Returns which file to open, what the task is, and where to read about it.
pub(crate) fn task(
    workspace: &Workspace,
    exercise: &Exercise,
    case: Option<&str>,
) -> Vec<Line> {
    let mut lines = vec![line(
        PLAIN,
        format!("Open {}", workspace.short(&exercise.starter())),
    )];
    if let Some((title, asked)) = asked(exercise) {
        lines.push(line(PLAIN, ""));
        lines.push(line(STRONG, title));
        lines.push(line(PLAIN, asked));
        lines.push(line(PLAIN, ""));
    }
    lines.extend(chapter(workspace, exercise, case));
    lines
}

/// Returns what an attempt showed: the first failing case in sentences, then all cases
/// with a mark each.
pub(crate) fn result(
    workspace: &Workspace,
    exercise: &Exercise,
    attempt: &Attempt,
) -> Vec<Line> {
    let file = workspace.short(&exercise.starter()).to_string();
    let Some(outcome) = &attempt.outcome else {
        let mut lines = vec![
            line(
                BAD,
                format!("{file} does not compile yet. The compiler says:"),
            ),
            line(PLAIN, ""),
        ];
        // An error is what keeps it from compiling; a warning can wait.
        let first = attempt
            .complaints
            .iter()
            .find(|said| said.starts_with("error"));
        let said = first.map_or(
            "(no message for this file; run `cargo build` for details)",
            String::as_str,
        );
        lines.extend(said.trim_end().lines().map(|said| line(PLAIN, said)));
        return lines;
    };
    let mut lines = vec![];
    if attempt.done() {
        lines.push(line(
            GOOD,
            format!("Done: all {} cases pass.", attempt.cases()),
        ));
        lines.extend(next(workspace, exercise));
        lines.push(line(
            PLAIN,
            format!(
                "Compare with the solution: {} diff {}",
                workspace.command, exercise.name
            ),
        ));
    } else if let Some((case, failure)) = first_failure(exercise, outcome) {
        let name = case.replace('_', " ");
        if failure.starts_with(NOT_WRITTEN) {
            lines.push(line(
                STRONG,
                "Nothing is written here yet: a `todo!` holds the place of your code.",
            ));
            lines.extend(task(workspace, exercise, Some(case)));
            lines.push(line(PLAIN, format!("The first case will be: {name}.")));
        } else {
            lines.push(line(BAD, format!("This case fails: {name}.")));
            lines.push(line(PLAIN, ""));
            lines.extend(failure.lines().map(|said| line(PLAIN, said)));
            lines.push(line(PLAIN, ""));
            lines.push(line(PLAIN, format!("Your code: {file}")));
            lines.extend(chapter(workspace, exercise, Some(case)));
        }
        if outcome.timed_out {
            lines.push(line(BAD, "Another case did not end and was stopped."));
        }
    } else {
        lines.push(line(BAD, "It timed out and was stopped."));
        lines.push(line(
            PLAIN,
            format!(
                "Is there a loop in {file} without an exit, or something waiting for an event that never happens?"
            ),
        ));
    }
    let cases = in_order(exercise, outcome);
    if !cases.is_empty() {
        lines.push(line(PLAIN, ""));
    }
    let untouched = attempt.state() == State::NotBegun;
    lines.extend(cases.into_iter().map(|(full, passed)| {
        let (style, mark) = match passed {
            true => (GOOD, '✓'),
            false if untouched => (PLAIN, '·'),
            false => (BAD, '✗'),
        };
        line(
            style,
            format!("{mark} {}", function(full).replace('_', " ")),
        )
    }));
    lines
}

/// Returns what comes after a solved exercise: the next one of its lesson, or the next
/// chapter.
fn next(workspace: &Workspace, exercise: &Exercise) -> Vec<Line> {
    let place = workspace
        .exercises
        .iter()
        .position(|other| other.name == exercise.name);
    let Some(next) = place.and_then(|place| workspace.exercises.get(place + 1)) else {
        return vec![line(PLAIN, "This was the last exercise.")];
    };
    let title = asked(next).map_or_else(String::new, |(title, _)| format!(" ({title})"));
    let mut lines = vec![line(STRONG, format!("Next: {}{title}", next.name))];
    if next.lesson != exercise.lesson {
        lines.extend(chapter_file(workspace, next).map(|(number, file)| {
            let file = workspace.short(&file);
            line(PLAIN, format!("Read on: chapter {number} ({file})"))
        }));
    }
    lines
}

/// The title and the first paragraph of the starter.
fn asked(exercise: &Exercise) -> Option<(String, String)> {
    let text = fs::read_to_string(exercise.starter()).ok()?;
    let mut lines = text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(str::trim);
    let title = lines.find_map(|line| line.strip_prefix("# "))?.to_owned();
    let paragraph: Vec<_> = lines
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty())
        .collect();
    Some((title, paragraph.join(" ")))
}

/// Returns the number and the file of the chapter that an exercise belongs to.
fn chapter_file(workspace: &Workspace, exercise: &Exercise) -> Option<(u8, PathBuf)> {
    let name = exercise.folder.file_name()?.to_str()?;
    let file = workspace
        .root
        .join("book/src")
        .join(name)
        .with_extension("md");
    let number = name.get(..2)?.parse().ok()?;
    file.is_file().then_some((number, file))
}

/// Returns where to read, with the section that the case names. If it names none, the
/// section is the first that any case names.
fn chapter(
    workspace: &Workspace,
    exercise: &Exercise,
    case: Option<&str>,
) -> Option<Line> {
    let (number, file) = chapter_file(workspace, exercise)?;
    let cases = fs::read_to_string(exercise.cases()).unwrap_or_default();
    let own = case.and_then(|case| body(&cases, case)).and_then(section);
    let section = own
        .or_else(|| section(&cases))
        .map(|section| format!(", \"{section}\""))
        .unwrap_or_default();
    let file = workspace.short(&file);
    Some(line(
        PLAIN,
        format!("Read chapter {number}{section} ({file})"),
    ))
}

/// The text of a case: from its name to the next case.
fn body<'text>(cases: &'text str, case: &str) -> Option<&'text str> {
    let text = &cases[cases.find(&format!("fn {case}("))?..];
    Some(&text[..text.find("#[test]").unwrap_or(text.len())])
}

/// The first `See \"Section\"` in the source of a case, whose text may go on in the next
/// line.
fn section(source: &str) -> Option<String> {
    let mut words = String::new();
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("\\\n") {
        words.push_str(before);
        rest = after.trim_start();
    }
    words.push_str(rest);
    let start = words.find("See \\\"")? + "See \\\"".len();
    let end = words[start..].find("\\\"")?;
    Some(words[start..start + end].to_owned())
}

/// Returns the cases in the order of their file, where the simplest come first.
fn in_order<'outcome>(
    exercise: &Exercise,
    outcome: &'outcome Outcome,
) -> Vec<(&'outcome str, bool)> {
    let text = fs::read_to_string(exercise.cases()).unwrap_or_default();
    let mut cases: Vec<_> = outcome
        .cases
        .iter()
        .map(|(full, &passed)| (full.as_str(), passed))
        .collect();
    cases.sort_by_key(|(full, _)| {
        text.find(&format!("fn {}(", function(full)))
            .unwrap_or(usize::MAX)
    });
    cases
}

/// Returns the first case of the file that fails, and what it says.
fn first_failure<'outcome>(
    exercise: &Exercise,
    outcome: &'outcome Outcome,
) -> Option<(&'outcome str, String)> {
    let (full, _) = in_order(exercise, outcome)
        .into_iter()
        .find(|(_, passed)| !passed)?;
    Some((
        function(full),
        message(outcome.said(full).unwrap_or_default()),
    ))
}

/// Returns what a panic says, without the remarks of libtest and of the panic handler, and
/// with `yours` and `wanted` for the two sides of a comparison: a case has the answer's
/// value on the left.
fn message(said: &str) -> String {
    let remark = |line: &str| {
        line.starts_with("thread '") && line.ends_with(':')
            || line.starts_with("note: run with `RUST_BACKTRACE")
    };
    let lines: Vec<_> = said.lines().filter(|line| !remark(line)).collect();
    let text = lines.join("\n");
    let text = text.trim();
    for (operator, other) in [("==", " wanted:"), ("!=", "not this:")] {
        let prefix = format!("assertion `left {operator} right` failed");
        let Some(rest) = text.strip_prefix(&prefix) else {
            continue;
        };
        // If the assertion has no message, only the two sides are left.
        let rest = rest.strip_prefix(": ").unwrap_or(rest);
        let rest = format!("\n{}", rest.trim_start_matches('\n'));
        if let Some((before, sides)) = rest.rsplit_once("\n  left: ")
            && let Some((yours, wanted)) = sides.split_once("\n right: ")
        {
            let text = format!("{before}\n   yours: {yours}\n {other} {wanted}");
            return text.trim_start_matches('\n').to_owned();
        }
        return rest.trim().to_owned();
    }
    text.to_owned()
}

/// Folds a line between words; what it is indented by goes before each part. A longer
/// word is cut.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let text: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    if text.chars().count() <= width {
        return vec![text];
    }
    let indent: String = text
        .chars()
        .take_while(|letter| *letter == ' ')
        .take(width / 2)
        .collect();
    let (mut lines, mut line, mut used) = (Vec::new(), indent.clone(), indent.len());
    for word in text.split_whitespace() {
        let mut letters: Vec<char> = word.chars().collect();
        if used > indent.len() && used + 1 + letters.len() > width {
            lines.push(std::mem::replace(&mut line, indent.clone()));
            used = indent.len();
        } else if used > indent.len() {
            line.push(' ');
            used += 1;
        }
        while used + letters.len() > width && width > indent.len() {
            let rest = letters.split_off(width - used);
            line.extend(letters);
            lines.push(std::mem::replace(&mut line, indent.clone()));
            (letters, used) = (rest, indent.len());
        }
        used += letters.len();
        line.extend(letters);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::{body, message, section, wrap};

    #[test]
    fn lines_are_folded_between_words_and_keep_their_indent() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("  one two three", 8), ["  one", "  two", "  three"]);
        assert_eq!(wrap("one two three", 13), ["one two three"]);
        assert_eq!(wrap("", 8), [""]);
        assert_eq!(wrap("unbreakable!", 5), ["unbre", "akabl", "e!"]);
        assert_eq!(
            wrap("a\u{1b}[2Jb", 80),
            ["a [2Jb"],
            "an answer's output does not steer the terminal"
        );
    }

    #[test]
    fn only_the_message_of_a_panic_is_shown() {
        let said = "\nthread 'cases::a' (7) panicked at a.rs:1:2:\nassertion `left == right` failed: It is ten.\n  \
            left: 9\n right: 10\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
        assert_eq!(message(said), "It is ten.\n   yours: 9\n  wanted: 10");
        let bare = "assertion `left == right` failed\n  left: \"a\"\n right: \"b\"\n";
        assert_eq!(message(bare), "   yours: \"a\"\n  wanted: \"b\"");
        let same = "assertion `left != right` failed: Twice.\n  left: 1\n right: 1\n";
        assert_eq!(message(same), "Twice.\n   yours: 1\n not this: 1");
        assert_eq!(message("left: alone"), "left: alone");
    }

    #[test]
    fn the_section_is_found_in_the_case_that_names_it() {
        let cases = "#[test]\nfn a() {\n \"See \\\"One\\\".\"\n}\n#[test]\nfn b() {\n \"wrong. \\\n   See \\\"Two \\\n more\\\".\"\n}\n";
        assert_eq!(body(cases, "a").and_then(section).as_deref(), Some("One"));
        assert_eq!(
            body(cases, "b").and_then(section).as_deref(),
            Some("Two more")
        );
    }
}
