//! The `quiz` block: a question that answers by itself, from text in the chapter, with no
//! server behind it.
//!
//! ```text
//! What does a second `read` return?          Markdown; code is indented by four spaces
//! ( ) the same bytes again                   one right answer: ( ) and (x); several: [ ] and [x]
//!     Why this one is wrong.
//! (x) what came since
//!     Why this one is right.
//! ```
//!
//! `quiz prints` asks for a line of output: `= right`, `! wrong in a way worth a word`,
//! `? any other`, each with its why.

use std::path::Path;

use anyhow::{Result, bail};

use crate::block::{Block, slug};
use crate::html::{escape, html, html_inline};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Single,
    Multiple,
    Prints,
}

struct Choice {
    mark: &'static str,
    text: String,
    why: String,
}

const MARKS: [(&str, Kind); 7] = [
    ("( ) ", Kind::Single),
    ("(x) ", Kind::Single),
    ("[ ] ", Kind::Multiple),
    ("[x] ", Kind::Multiple),
    ("= ", Kind::Prints),
    ("! ", Kind::Prints),
    ("? ", Kind::Prints),
];

/// The quiz as a form.
///
/// # Errors
/// Choices of several kinds, none or too many that are right, one without its why.
pub(crate) fn expand(file: &Path, block: Block<'_>) -> Result<String> {
    let (question, choices, kind) = parse(block)?;
    let stem = slug(&file.file_stem().unwrap_or_default().to_string_lossy());
    let id = format!("quiz-{stem}-{}", block.line);
    let mut form = format!(
        "<form class=\"quiz\" id=\"{id}\" data-kind=\"{}\" data-key=\"{}\"><fieldset>",
        kind_name(kind),
        key(&stem, &question)
    );
    form += &format!("<legend>{}</legend>", html(&question));
    if kind == Kind::Prints {
        form += &format!(
            "<label class=\"typed\"><span>Your answer</span> <input type=\"text\" name=\"{id}\" autocomplete=\"off\" \
             autocapitalize=\"off\" spellcheck=\"false\"></label>"
        );
    }
    for choice in &choices {
        let right = ["(x) ", "[x] ", "= "].contains(&choice.mark);
        let why = format!(
            "<span class=\"why\" hidden>{}</span>",
            html_inline(&choice.why)
        );
        if kind == Kind::Prints {
            let answer = if choice.mark == "? " {
                String::new()
            } else {
                escape(&choice.text)
            };
            form += &format!(
                "<p class=\"answer\" data-right=\"{right}\" data-text=\"{answer}\" hidden>{why}</p>"
            );
        } else {
            let input = if kind == Kind::Single {
                "radio"
            } else {
                "checkbox"
            };
            form += &format!(
                "<div class=\"choice\" data-right=\"{right}\"><label><input type=\"{input}\" name=\"{id}\"> \
                 <span>{}</span></label>{why}</div>",
                html_inline(&choice.text)
            );
        }
    }
    form.push_str(
        "</fieldset><button type=\"submit\">Check</button> <output></output></form>",
    );
    Ok(format!("{form}\n"))
}

/// Returns the name under which a browser remembers the answer: it outlives changes to
/// the lines above the quiz.
fn key(stem: &str, question: &str) -> String {
    let words: Vec<_> = question.split_whitespace().take(12).collect();
    format!("{stem}:{}", slug(&words.join(" ")))
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Single => "single",
        Kind::Multiple => "multiple",
        Kind::Prints => "prints",
    }
}

fn parse(block: Block<'_>) -> Result<(String, Vec<Choice>, Kind)> {
    let prints = block.info.split_whitespace().nth(1) == Some("prints");
    let (mut question, mut choices, mut kinds) =
        (String::new(), Vec::<Choice>::new(), Vec::new());
    for line in block.body.lines() {
        let mark = MARKS.iter().find(|(mark, kind)| {
            line.starts_with(mark) && prints == (*kind == Kind::Prints)
        });
        if let Some((mark, kind)) = mark {
            choices.push(Choice {
                mark,
                text: line[mark.len()..].trim().into(),
                why: String::new(),
            });
            kinds.push(*kind);
        } else if let Some(choice) = choices.last_mut() {
            if !line.trim().is_empty() && !line.starts_with("    ") {
                bail!(
                    "quiz: `{line}` is neither a choice nor, indented by four, a choice's why"
                );
            }
            choice.why.push_str(line.trim());
            choice.why.push('\n');
        } else {
            question.push_str(line);
            question.push('\n');
        }
    }
    let Some(kind) = kinds.first().copied() else {
        bail!("quiz: no choices")
    };
    if kinds.iter().any(|other| *other != kind) {
        bail!("quiz: choices of several kinds");
    }
    // `? ` has no answer text: the rest of its line is the explanation.
    for choice in &mut choices {
        if choice.mark == "? " {
            choice.why = format!("{}\n{}", choice.text, choice.why);
        }
        let text = html(&choice.text);
        let is_block = ["<ol", "<ul", "<h", "<blockquote", "<pre"]
            .iter()
            .any(|tag| text.starts_with(tag));
        if kind != Kind::Prints && is_block {
            bail!(
                "quiz: `{}` reads as a list or another block: put a `\\` before its sign",
                choice.text
            );
        }
        if choice.why.trim().is_empty() {
            bail!("quiz: `{}` does not say why", choice.text);
        }
    }
    let right = choices
        .iter()
        .filter(|choice| ["(x) ", "[x] ", "= "].contains(&choice.mark))
        .count();
    match kind {
        Kind::Single if right != 1 || choices.len() < 2 => {
            bail!(
                "quiz: one choice of several is right, here {right} of {}",
                choices.len()
            )
        }
        Kind::Multiple | Kind::Prints if right == 0 => bail!("quiz: nothing is right"),
        Kind::Prints if !choices.iter().any(|choice| choice.mark == "? ") => {
            bail!("quiz: `? ` is missing: what to say to any other answer")
        }
        _ => Ok((question, choices, kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiz(info: &'static str, body: &str) -> Result<String> {
        expand(
            Path::new("book/src/07-websocket.md"),
            Block {
                line: 3,
                info,
                body,
            },
        )
    }

    #[test]
    fn a_choice_that_reads_as_a_list_is_refused() {
        let question =
            |choice| format!("How many?\n(x) {choice}\n    Yes.\n( ) 91\n    No.\n");
        let refused = quiz("quiz", &question("90.")).unwrap_err();
        assert!(refused.to_string().contains("reads as a list"), "{refused}");
        assert!(quiz("quiz", &question("90\\.")).unwrap().contains("90."));
    }

    #[test]
    fn a_quiz_is_a_form_on_one_line() {
        let html =
            quiz("quiz", "Which?\n\n    let a = 1;\n\n    let b;\n( ) `a`\n    No.\n(x) <b>\n    Yes.\n")
                .unwrap();
        assert_eq!(html.trim_end().lines().count(), 1);
        assert!(html.contains("data-kind=\"single\"") && html.contains("let b;"));
        assert_eq!(html.matches("data-right=\"true\"").count(), 1);
    }

    #[test]
    fn what_is_typed_may_be_wrong_in_several_ways() {
        let html = quiz(
            "quiz prints",
            "Prints?\n= 12 56 34\n    Right.\n! 12 34\n    No.\n? Not that.\n",
        )
        .unwrap();
        assert!(
            html.contains("data-text=\"12 56 34\"") && html.contains("data-text=\"\"")
        );
        assert!(html.contains("Not that."));
    }

    #[test]
    fn what_a_quiz_lacks_is_said() {
        for (info, body, lacks) in [
            ("quiz", "Which?\n", "no choices"),
            (
                "quiz",
                "Which?\n( ) a\n    No.\n( ) b\n    No.\n",
                "one choice of several is right",
            ),
            (
                "quiz",
                "Which?\n(x) a\n    Yes.\n(x) b\n    Yes.\n",
                "one choice of several is right",
            ),
            (
                "quiz",
                "Which?\n(x) a\n    Yes.\n( ) b\n",
                "does not say why",
            ),
            (
                "quiz",
                "Which?\n(x) a\n    Yes.\n[ ] b\n    No.\n",
                "several kinds",
            ),
            (
                "quiz",
                "Which?\n[ ] a\n    No.\n[ ] b\n    No.\n",
                "nothing is right",
            ),
            ("quiz prints", "Prints?\n= a\n    Yes.\n", "is missing"),
            ("quiz", "Which?\n(x) a\n    Yes.\n( ) b\nNo.\n", "neither"),
        ] {
            let error = quiz(info, body).expect_err(body).to_string();
            assert!(error.contains(lacks), "{body}: {error}");
        }
    }
}
