//! Tries an answer, and puts what happened into sentences.
//!
//! What libtest prints is right and hard to read: the first failure stands between thread
//! numbers and remarks on backtraces. A reader wants one failing case at a time, the
//! simplest first, and which file and section to open.

use std::fs;

use anstyle::{AnsiColor, Style};
use anyhow::Result;

use crate::exercises::{Exercise, Workspace};
use crate::run::{self, Built, Outcome, function};

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
pub(crate) const STRONG: Style = Style::new().bold();
const PLAIN: Style = Style::new();

/// What became of an answer.
#[derive(Debug, Default)]
pub(crate) struct Attempt {
    /// What the compiler says about it.
    complaints: Vec<String>,
    /// How its cases ended; `None` when it did not compile.
    outcome: Option<Outcome>,
}

impl Attempt {
    fn new(exercise: &Exercise, built: &mut Built) -> Result<Self> {
        let outcome = match &built.program {
            Some(program) => Some(run::run(program, &exercise.folder, None)?),
            None => None,
        };
        Ok(Self {
            complaints: std::mem::take(&mut built.complaints),
            outcome,
        })
    }

    /// Whether the compiler took it.
    pub(crate) fn compiles(&self) -> bool {
        self.outcome.is_some()
    }

    /// How many cases there are.
    pub(crate) fn cases(&self) -> usize {
        self.outcome
            .as_ref()
            .map_or(0, |outcome| outcome.cases.len())
    }

    /// How many of them pass.
    pub(crate) fn passed(&self) -> usize {
        self.outcome.as_ref().map_or(0, |outcome| {
            outcome.cases.values().filter(|&&passed| passed).count()
        })
    }

    /// Whether all cases pass.
    pub(crate) fn done(&self) -> bool {
        self.outcome.as_ref().is_some_and(Outcome::passed)
    }

    /// The same in a few words.
    pub(crate) fn progress(&self) -> String {
        if self.compiles() {
            format!("{} of {} cases pass", self.passed(), self.cases())
        } else {
            "does not compile".to_owned()
        }
    }
}

/// Tries one answer.
///
/// # Errors
/// When cargo cannot build at all.
pub(crate) fn one(workspace: &Workspace, exercise: &Exercise) -> Result<Attempt> {
    let mut built = run::build(
        &workspace.root,
        &workspace.target,
        [exercise.name.as_str()],
        &[],
    )?;
    Attempt::new(exercise, built.entry(exercise.name.clone()).or_default())
}

/// Tries all answers, in the order of the exercises.
///
/// # Errors
/// When cargo cannot build at all.
pub(crate) fn all(workspace: &Workspace) -> Result<Vec<Attempt>> {
    let names = workspace
        .exercises
        .iter()
        .map(|exercise| exercise.name.as_str());
    let mut built = run::build(&workspace.root, &workspace.target, names, &[])?;
    let pairs: Vec<_> = workspace
        .exercises
        .iter()
        .map(|exercise| (exercise, built.remove(&exercise.name).unwrap_or_default()))
        .collect();
    run::in_parallel(pairs, |(exercise, mut built)| {
        Attempt::new(exercise, &mut built)
    })
    .into_iter()
    .collect()
}

/// A line of text, before it is folded to a width.
pub(crate) struct Line {
    pub style: Style,
    pub text: String,
}

fn line(style: Style, text: impl Into<String>) -> Line {
    Line {
        style,
        text: text.into(),
    }
}

/// Which file to open, what is asked there, and where to read about it.
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

/// What an attempt came to: the first case that fails, in sentences.
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
            "nothing about this file; `cargo build` shows more",
            String::as_str,
        );
        lines.extend(said.trim_end().lines().map(|said| line(PLAIN, said)));
        return lines;
    };
    if attempt.done() {
        return vec![
            line(GOOD, format!("Done: all {} cases pass.", attempt.cases())),
            line(
                PLAIN,
                format!(
                    "Beside the solution: cargo run -p course -- diff {}",
                    exercise.name
                ),
            ),
        ];
    }
    let Some((case, failure)) = first_failure(exercise, outcome) else {
        return vec![
            line(BAD, "It did not come to an end and was stopped."),
            line(
                PLAIN,
                format!(
                    "Is there a loop in {file} without an exit, or a wait for what never comes?"
                ),
            ),
        ];
    };
    let mut lines = vec![];
    if failure.starts_with("not yet implemented") {
        lines.push(line(
            BAD,
            "Nothing is written here yet: a `todo!` stands where your code goes.",
        ));
        lines.extend(task(workspace, exercise, Some(case)));
        lines.push(line(
            PLAIN,
            format!("The first case will be: {}.", case.replace('_', " ")),
        ));
    } else {
        lines.push(line(
            BAD,
            format!("This case fails: {}.", case.replace('_', " ")),
        ));
        lines.push(line(PLAIN, ""));
        lines.extend(failure.lines().map(|said| line(PLAIN, said)));
        lines.push(line(PLAIN, ""));
        lines.push(line(PLAIN, format!("Your code: {file}")));
        lines.extend(chapter(workspace, exercise, Some(case)));
    }
    if outcome.timed_out {
        lines.push(line(
            BAD,
            "Another case did not come to an end and was stopped.",
        ));
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

/// The chapter, with the section that the case names, or else the first that any case
/// names.
fn chapter(
    workspace: &Workspace,
    exercise: &Exercise,
    case: Option<&str>,
) -> Option<Line> {
    let name = exercise.folder.file_name()?.to_str()?;
    let file = workspace
        .root
        .join("book/src")
        .join(name)
        .with_extension("md");
    let number: u8 = name.get(..2)?.parse().ok()?;
    if !file.is_file() {
        return None;
    }
    let cases = fs::read_to_string(exercise.cases()).unwrap_or_default();
    let own = case.and_then(|case| body(&cases, case)).and_then(section);
    let section = own
        .or_else(|| section(&cases))
        .map(|section| format!(", \"{section}\""))
        .unwrap_or_default();
    Some(line(
        PLAIN,
        format!(
            "Read chapter {number}{section} ({})",
            workspace.short(&file)
        ),
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

/// The case that fails and stands first in the file of cases, and what it says: the
/// simplest come first there.
fn first_failure<'outcome>(
    exercise: &Exercise,
    outcome: &'outcome Outcome,
) -> Option<(&'outcome str, String)> {
    let cases = fs::read_to_string(exercise.cases()).unwrap_or_default();
    let (full, _) = outcome
        .cases
        .iter()
        .filter(|(_, passed)| !**passed)
        .min_by_key(|(full, _)| {
            cases
                .find(&format!("fn {}(", function(full)))
                .unwrap_or(usize::MAX)
        })?;
    Some((
        function(full),
        message(outcome.said(full).unwrap_or_default()),
    ))
}

/// What a panic says, without libtest's and the panic handler's remarks.
fn message(said: &str) -> String {
    let remark = |line: &str| {
        line.starts_with("thread '") && line.ends_with(':')
            || line.starts_with("note: run with `RUST_BACKTRACE")
    };
    let lines: Vec<_> = said.lines().filter(|line| !remark(line)).collect();
    let text = lines.join("\n");
    let text = text.trim();
    [
        "assertion `left == right` failed: ",
        "assertion `left != right` failed: ",
    ]
    .iter()
    .find_map(|prefix| text.strip_prefix(prefix))
    .unwrap_or(text)
    .to_owned()
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
        assert_eq!(message(said), "It is ten.\n  left: 9\n right: 10");
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
