//! What the pages at the end of the book need from all others: the pages in order, their
//! sections, and the terms in italics.

use std::fs;
use std::sync::LazyLock;

use anyhow::{Context, Result};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::Regex;

use crate::house::House;

static ENTRY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\[([^\]]+)\]\(([^)]+\.md)\)").expect("a pattern"));

/// A page that `SUMMARY.md` lists.
pub(crate) struct Page {
    /// Its title there: `9. Engine.IO`.
    pub(crate) title: String,
    /// Its file in the book's `src`.
    pub(crate) file: String,
    /// Its Markdown.
    pub(crate) markdown: String,
}

impl Page {
    /// The number of its chapter with a full stop and a space, or nothing.
    pub(crate) fn number(&self) -> &str {
        match self.title.split_once(". ") {
            Some((number, _)) if number.chars().all(|c| c.is_ascii_digit()) => {
                &self.title[..number.len() + 2]
            }
            _ => "",
        }
    }
}

/// Returns the book's pages in order.
///
/// # Errors
/// Returns an error if the summary or a page cannot be read.
pub(crate) fn pages(house: &House) -> Result<Vec<Page>> {
    let src = house.book.join("src");
    let summary = fs::read_to_string(src.join("SUMMARY.md"))?;
    ENTRY
        .captures_iter(&summary)
        .map(|found| {
            let file = found[2].to_owned();
            let markdown = fs::read_to_string(src.join(&file))
                .with_context(|| format!("cannot read {file}"))?;
            Ok(Page {
                title: found[1].to_owned(),
                file,
                markdown,
            })
        })
        .collect()
}

/// Words in italics, and where they are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Italics {
    /// The words, in lower case.
    pub(crate) words: String,
    /// Their line, from 1.
    pub(crate) line: usize,
    /// The id of the section's heading; empty before the first.
    pub(crate) section: String,
    /// The section's heading.
    pub(crate) title: String,
}

/// Returns the words in italics in a page's text: not those in blocks, such as a quiz.
pub(crate) fn italics(markdown: &str) -> Vec<Italics> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_DEFINITION_LIST;
    let (mut found, mut ids) = (Vec::new(), Vec::<String>::new());
    let (mut heading, mut words) = (None::<String>, None::<String>);
    let mut section = String::new();
    for (event, range) in Parser::new_ext(markdown, options).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                if let Some(title) = heading.take() {
                    ids.push(unique(id(&title), &ids));
                    section = title;
                }
            }
            Event::Start(Tag::Emphasis) => words = Some(String::new()),
            Event::End(TagEnd::Emphasis) => {
                if let Some(words) = words.take() {
                    found.push(Italics {
                        words: words.to_lowercase(),
                        line: markdown[..range.start].lines().count().max(1),
                        section: ids.last().cloned().unwrap_or_default(),
                        title: section.clone(),
                    });
                }
            }
            Event::Text(text) | Event::Code(text) => {
                for open in [&mut heading, &mut words].into_iter().flatten() {
                    open.push_str(&text);
                }
            }
            Event::SoftBreak => {
                for open in [&mut heading, &mut words].into_iter().flatten() {
                    open.push(' ');
                }
            }
            _ => {}
        }
    }
    found
}

/// The id that mdBook gives to a heading.
fn id(title: &str) -> String {
    title
        .trim()
        .chars()
        .filter_map(|c| match c {
            c if c.is_alphanumeric() || c == '_' || c == '-' => {
                Some(c.to_ascii_lowercase())
            }
            c if c.is_whitespace() => Some('-'),
            _ => None,
        })
        .collect()
}

/// The id, with a number if it was given already.
fn unique(id: String, given: &[String]) -> String {
    if !given.contains(&id) {
        return id;
    }
    (1..=given.len())
        .map(|number| format!("{id}-{number}"))
        .find(|numbered| !given.contains(numbered))
        .unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn italics_are_found_in_text_with_their_section() {
        let markdown = "# 1. One\n\nA *first\nterm*.\n\n## What's `poll`, and *why*?\n\n\
            | a | *Cell* |\n|---|---|\n\n```quiz\n*none*\n```\n\n## What's `poll`, and why?\n**not** *third*\n";
        let found: Vec<_> = italics(markdown)
            .into_iter()
            .map(|italics| (italics.words, italics.line, italics.section))
            .collect();
        let expected = [
            ("first term", 3, "1-one"),
            ("why", 6, "1-one"),
            ("cell", 8, "whats-poll-and-why"),
            ("third", 16, "whats-poll-and-why-1"),
        ];
        assert_eq!(
            found,
            expected.map(|(words, line, id)| (words.into(), line, id.into()))
        );
    }
}
