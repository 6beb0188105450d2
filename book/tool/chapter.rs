//! A chapter's Markdown, cut into text and fenced blocks, and put together again as what
//! mdBook understands.

use std::path::{Path, PathBuf};
use std::{fmt, fs};

use crate::block::{Block, Problem};
use crate::blocks::{
    capture, diagram, exercise, exercises, figure, glossary, include, lab, lesson, plot,
    quiz, schedule,
};
use crate::house::House;
use crate::html::escape;
use crate::layers;
use crate::pieces::{Piece, pieces};

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
    /// The Markdown that mdBook renders.
    pub(crate) markdown: String,
    /// Its problems.
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
    let summary = fs::read_to_string(house.book.join("src/SUMMARY.md"));
    let summary = summary.unwrap_or_default();
    let mut map = layers::map(&summary, file);
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
                    if text.starts_with("# ")
                        && let Some(map) = map.take()
                    {
                        out += &format!("\n{map}\n");
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
    if let Some(turn) = layers::turn(&summary, file) {
        out += &format!("\n{turn}");
    }
    chapter.markdown = out;
    chapter
}

/// Reports a problem twice: to the person who builds, and on the page for the author.
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
        "exercises" => exercises::expand(house),
        "glossary" => {
            let (text, missing) = glossary::expand(house, block)?;
            chapter.problems.extend(missing);
            Ok(text)
        }
        "quiz" => quiz::expand(&chapter.file, block),
        "lab" => lab::expand(house, block),
        "schedule" => schedule::expand(block),
        "stack" => {
            let summary = fs::read_to_string(house.book.join("src/SUMMARY.md"))?;
            Ok(layers::stack(&summary))
        }
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
            let code = format!("{fence}{}\n{body}{fence}", block.info);
            Ok(match source(folder, house, block.body) {
                Some(file) => {
                    format!("<p class=\"file\">{}</p>\n\n{code}", escape(&file))
                }
                None => code,
            })
        }
    }
}

/// Returns the file and the line that a block's code comes from, as a reader names them.
fn source(folder: &Path, house: &House, body: &str) -> Option<String> {
    let (file, line) = include::place(folder, body)?;
    let file = file.canonicalize().ok()?;
    let root = house.root.canonicalize().ok()?;
    let file = file.strip_prefix(root).ok()?.display().to_string();
    Some(match line {
        Some(line) => format!("{file}, line {line}"),
        None => file,
    })
}

fn ticks(line: &str) -> usize {
    line.trim_start().chars().take_while(|c| *c == '`').count()
}
