//! A chapter's Markdown, cut into text and fenced blocks, and put together again as what
//! mdBook understands.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::{
    House, capture, diagram, exercise, figure, include, lab, lesson, plot, quiz,
};

/// Something that a reader would stumble over, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    /// The file, from the workspace's root.
    pub(crate) file: PathBuf,
    /// The line, from 1; 0 for the file as a whole.
    pub(crate) line: usize,
    /// What is wrong, and what to do.
    pub(crate) what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Prints the problems; whether there are none.
pub(crate) fn report(problems: &[Problem]) -> bool {
    for problem in problems {
        eprintln!("{problem}");
    }
    if !problems.is_empty() {
        eprintln!(
            "{} {}",
            problems.len(),
            if problems.len() == 1 {
                "problem"
            } else {
                "problems"
            }
        );
    }
    problems.is_empty()
}

/// A fenced block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'a> {
    /// The line of its opening fence, from 1.
    pub(crate) line: usize,
    /// What stands behind the fence: `rust`, `quiz prints`.
    pub(crate) info: &'a str,
    /// The lines between the fences.
    pub(crate) body: &'a str,
}

impl<'a> Block<'a> {
    /// The first word of [`Block::info`].
    pub(crate) fn kind(&self) -> &'a str {
        self.info.split([' ', ',']).next().unwrap_or_default()
    }

    /// `name: value` lines, and the rest.
    pub(crate) fn fields(&self) -> (Vec<(&'a str, &'a str)>, Vec<&'a str>) {
        let (mut fields, mut rest) = (Vec::new(), Vec::new());
        for line in self.body.lines() {
            match line.split_once(": ") {
                Some((name, value))
                    if !name.is_empty()
                        && name.chars().all(|c| c.is_ascii_lowercase()) =>
                {
                    fields.push((name, value.trim()));
                }
                _ if line.trim().is_empty() => {}
                _ => rest.push(line),
            }
        }
        (fields, rest)
    }
}

enum Piece<'a> {
    Text { line: usize, text: &'a str },
    Block(Block<'a>),
}

/// The line of an opening fence, where its body begins, the fence, and what stands behind
/// it.
type Open<'a> = (usize, usize, &'a str, &'a str);

/// Text and blocks in turn. An unclosed fence runs to the end, as in Markdown.
fn pieces(markdown: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut text_from, mut text_line) = (0, 1);
    let mut open: Option<Open<'_>> = None;
    let mut at = 0;
    for (number, line) in (1..).zip(markdown.split_inclusive('\n')) {
        let bare = line.trim_end();
        match open {
            None if bare.starts_with("```") => {
                if at > text_from {
                    pieces.push(Piece::Text {
                        line: text_line,
                        text: &markdown[text_from..at],
                    });
                }
                let fence = &bare[..bare.len() - bare.trim_start_matches('`').len()];
                open = Some((number, at + line.len(), fence, bare[fence.len()..].trim()));
            }
            Some((start, body, fence, info)) if bare == fence => {
                pieces.push(Piece::Block(Block {
                    line: start,
                    info,
                    body: &markdown[body..at],
                }));
                open = None;
                (text_from, text_line) = (at + line.len(), number + 1);
            }
            _ => {}
        }
        at += line.len();
    }
    match open {
        Some((line, body, _, info)) => {
            pieces.push(Piece::Block(Block {
                line,
                info,
                body: markdown.get(body..).unwrap_or_default(),
            }));
        }
        None if at > text_from => pieces.push(Piece::Text {
            line: text_line,
            text: &markdown[text_from..],
        }),
        None => {}
    }
    pieces
}

/// Rust in a chapter that is included from nowhere.
#[derive(Debug)]
pub(crate) struct LooseRust {
    /// Its line in the chapter.
    pub(crate) line: usize,
    /// The fence's words.
    pub(crate) info: String,
    /// The code.
    pub(crate) code: String,
}

/// A chapter, ready for mdBook, with what `check` wants to know of it.
#[derive(Debug, Default)]
pub(crate) struct Chapter {
    /// The file, from the workspace's root.
    pub(crate) file: PathBuf,
    /// What mdBook gets.
    pub(crate) markdown: String,
    /// What is wrong with it.
    pub(crate) problems: Vec<Problem>,
    /// Commands whose output it shows.
    pub(crate) captures: Vec<capture::Capture>,
    /// Plots that it shows.
    pub(crate) plots: Vec<plot::Plot>,
    /// Code to be compiled.
    pub(crate) rust: Vec<LooseRust>,
    /// Exercises that it gives.
    pub(crate) exercises: Vec<String>,
    /// Lessons that it is about: their folders' names.
    pub(crate) lessons: Vec<String>,
}

impl Chapter {
    fn problem(&mut self, line: usize, what: impl fmt::Display) {
        self.problems.push(Problem {
            file: self.file.clone(),
            line,
            what: what.to_string(),
        });
    }
}

/// Reads the chapter `file` (a path from the book's `src`) whose source is `markdown`.
pub(crate) fn expand(house: &House, file: &Path, markdown: &str) -> Chapter {
    let source = house.book.join("src").join(file);
    let folder = source.parent().map(Path::to_path_buf).unwrap_or_default();
    let shown = source
        .strip_prefix(&house.root)
        .unwrap_or(&source)
        .to_path_buf();
    let mut chapter = Chapter {
        file: shown,
        ..Chapter::default()
    };
    let mut out = String::new();
    for piece in pieces(markdown) {
        match piece {
            Piece::Text { line, text } => {
                for (number, text) in (line..).zip(text.split_inclusive('\n')) {
                    match figure::inline(&folder, text)
                        .and_then(|text| include::expand(&folder, &text))
                    {
                        Ok(text) => out.push_str(&text),
                        Err(what) => trouble(&mut chapter, &mut out, number, what),
                    }
                }
            }
            Piece::Block(block) => {
                match expand_block(house, &folder, &mut chapter, block) {
                    Ok(text) => {
                        out.push_str(&text);
                        out.push('\n');
                    }
                    Err(what) => trouble(&mut chapter, &mut out, block.line, what),
                }
            }
        }
    }
    chapter.markdown = out;
    chapter
}

/// A problem is seen by whoever builds, and on the page by whoever is writing it.
fn trouble(chapter: &mut Chapter, out: &mut String, line: usize, what: anyhow::Error) {
    let what = format!("{what:#}");
    *out += &format!(
        "\n<p class=\"problem\">Line {line}: {}</p>\n\n",
        escape(&what)
    );
    chapter.problem(line, what);
}

fn expand_block(
    house: &House,
    folder: &Path,
    chapter: &mut Chapter,
    block: Block<'_>,
) -> anyhow::Result<String> {
    match block.kind() {
        "lesson" => {
            let (name, text) = lesson::expand(house, block)?;
            chapter.lessons.push(name);
            Ok(text)
        }
        "capture" => {
            let capture = capture::Capture::parse(block)?;
            let text = capture.expand(house);
            chapter.captures.push(capture);
            text
        }
        "plot" => {
            let plot = plot::Plot::parse(block)?;
            let text = plot.expand(house);
            chapter.plots.push(plot);
            text
        }
        "mermaid" => diagram::expand(&chapter.file, block),
        "exercise" => {
            let (name, text) = exercise::expand(house, block)?;
            chapter.exercises.push(name);
            Ok(text)
        }
        "quiz" => quiz::expand(&chapter.file, block),
        "lab" => lab::expand(house, block),
        _ => {
            let body = include::expand(folder, block.body)?;
            if block.kind() == "rust" && body == block.body {
                chapter.rust.push(LooseRust {
                    line: block.line,
                    info: block.info.into(),
                    code: body.clone(),
                });
            }
            // A fence longer than any inside.
            let fence = "`".repeat(body.lines().map(ticks).max().unwrap_or(0).max(2) + 1);
            Ok(format!("{fence}{}\n{body}{fence}", block.info))
        }
    }
}

fn ticks(line: &str) -> usize {
    line.trim_start().chars().take_while(|c| *c == '`').count()
}

/// Text as HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Markdown as HTML on one line: an empty line would end the HTML block that it goes
/// into.
pub(crate) fn html(markdown: &str) -> String {
    let mut html = String::new();
    // As mdBook does it, quotes become those of print.
    let options = pulldown_cmark::Options::ENABLE_SMART_PUNCTUATION;
    pulldown_cmark::html::push_html(
        &mut html,
        pulldown_cmark::Parser::new_ext(markdown, options),
    );
    html.trim().replace('\n', "&#10;")
}

/// [`html`] of a single paragraph, without its `<p>`.
pub(crate) fn html_inline(markdown: &str) -> String {
    let html = html(markdown);
    match html
        .strip_prefix("<p>")
        .and_then(|rest| rest.strip_suffix("</p>"))
    {
        Some(inner) if !inner.contains("<p>") => inner.to_owned(),
        _ => html,
    }
}

/// `text` as part of an address or a name: lower case, and `-` for whatever else.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_blocks_keep_their_lines() {
        let found: Vec<_> =
            pieces("one\n\n```rust\nfn a() {}\n```\ntwo\n````text\n```\n````\n")
                .into_iter()
                .map(|piece| match piece {
                    Piece::Text { line, text } => (line, "", text.to_owned()),
                    Piece::Block(block) => {
                        (block.line, block.info, block.body.to_owned())
                    }
                })
                .collect();
        let expected = [
            (1, "", "one\n\n"),
            (3, "rust", "fn a() {}\n"),
            (6, "", "two\n"),
            (7, "text", "```\n"),
        ];
        assert_eq!(
            found,
            expected.map(|(line, info, text)| (line, info, text.to_owned()))
        );
    }

    #[test]
    fn an_open_fence_runs_to_the_end() {
        assert!(matches!(
            pieces("```quiz\nabc").as_slice(),
            [Piece::Block(Block { body: "abc", .. })]
        ));
    }

    #[test]
    fn fields_are_lines_with_a_name() {
        let block = Block {
            line: 4,
            info: "lesson",
            body: "lesson: 07-websocket\n- say what: a frame is\n",
        };
        let (fields, rest) = block.fields();
        assert_eq!(fields, [("lesson", "07-websocket")]);
        assert_eq!(rest, ["- say what: a frame is"]);
    }

    #[test]
    fn html_has_no_line_ends() {
        assert!(!html("a\n\n    code\n\n    more\n").contains('\n'));
        assert_eq!(html_inline("`a` & b"), "<code>a</code> &amp; b");
    }
}
