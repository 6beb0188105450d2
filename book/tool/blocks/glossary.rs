//! The `glossary` block: every term that the book defines, as a list with a link to the
//! section that defines it.
//!
//! A line is an entry: `term, synonym: definition`; a line that begins with two spaces
//! continues it. The chapters set a term in italics where they define it, so the link is
//! found there, and a term in italics without an entry is a problem. The entry `not terms`
//! lists what is in italics for another reason.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::block::{Block, Problem};
use crate::contents::{self, Italics, Page};
use crate::house::House;

const EXCUSED: &str = "not terms";

/// The terms of an entry and its definition.
type Entry<'a> = (Vec<&'a str>, String);

/// Returns the block as Markdown, and the terms that lack an entry.
///
/// # Errors
/// Returns an error for an entry that cannot be read, that comes twice, or that leads to no
/// section.
pub(crate) fn expand(house: &House, block: Block<'_>) -> Result<(String, Vec<Problem>)> {
    let pages: Vec<_> = contents::pages(house)?
        .into_iter()
        .map(|page| {
            let italics = contents::italics(&page.markdown);
            (page, italics)
        })
        .collect();
    let entries = entries(block.body)?;
    let text = list(&entries, &pages)?;
    Ok((text, missing(&entries, &pages)))
}

fn entries(body: &str) -> Result<Vec<Entry<'_>>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for line in body.lines().filter(|line| !line.trim().is_empty()) {
        if let Some(more) = line.strip_prefix("  ") {
            let (_, definition) = entries.last_mut().context("an entry is missing")?;
            *definition += &format!(" {}", more.trim());
        } else {
            let (terms, definition) = line.split_once(':').with_context(|| {
                format!("`{line}` is not an entry: `term, synonym: definition`")
            })?;
            let terms = terms.split(',').map(str::trim).collect();
            entries.push((terms, definition.trim().to_owned()));
        }
    }
    let mut terms: Vec<_> = entries.iter().flat_map(|(terms, _)| terms).collect();
    terms.sort_unstable();
    if let Some([twice, ..]) = terms.windows(2).find(|pair| pair[0] == pair[1]) {
        bail!("`{twice}` has two entries");
    }
    Ok(entries)
}

/// The entries by letter, in order.
fn list(entries: &[Entry<'_>], pages: &[(Page, Vec<Italics>)]) -> Result<String> {
    let mut letters = BTreeMap::<char, BTreeMap<String, String>>::new();
    for (terms, definition) in entries.iter().filter(|(terms, _)| terms[0] != EXCUSED) {
        let link = pages.iter().find_map(|(page, italics)| {
            let found = italics
                .iter()
                .find(|italics| terms.iter().any(|term| same(term, &italics.words)))?;
            let (number, title) = (page.number(), &found.title);
            let (file, section) = (&page.file, &found.section);
            Some(format!(" [{number}{title}]({file}#{section})"))
        });
        if link.is_none() && !definition.contains("](") {
            bail!(
                "`{}` is in italics nowhere, and its entry has no link",
                terms[0]
            );
        }
        let key = terms[0].to_lowercase();
        let letter = key.chars().find(|c| c.is_alphanumeric());
        let letter = letter.context("an entry without a term")?;
        let entry = format!(
            "{}\n: {definition}{}\n",
            terms.join(", "),
            link.unwrap_or_default()
        );
        letters
            .entry(letter.to_ascii_uppercase())
            .or_default()
            .insert(key, entry);
    }
    let sections = letters.into_iter().map(|(letter, entries)| {
        let entries: Vec<_> = entries.into_values().collect();
        format!("## {letter}\n\n{}", entries.join("\n"))
    });
    Ok(sections.collect::<Vec<_>>().join("\n"))
}

/// Terms in italics that have no entry.
fn missing(entries: &[Entry<'_>], pages: &[(Page, Vec<Italics>)]) -> Vec<Problem> {
    let excused: Vec<_> = entries
        .iter()
        .filter(|(terms, _)| terms[0] == EXCUSED)
        .flat_map(|(_, words)| words.split(',').map(|word| word.trim().to_lowercase()))
        .collect();
    let known = |words: &str| {
        // A sentence or the head of a paragraph.
        words.ends_with(['.', '?'])
            || words
                .split(", ")
                .all(|word| excused.iter().any(|excused| excused == word))
            || entries
                .iter()
                .flat_map(|(terms, _)| terms)
                .any(|term| same(term, words))
    };
    let mut problems = Vec::new();
    for (page, italics) in pages {
        for italics in italics.iter().filter(|italics| !known(&italics.words)) {
            problems.push(Problem {
                file: Path::new("book/src").join(&page.file),
                line: italics.line,
                what: format!(
                    "`{}` is in italics: give it an entry in glossary.md, or list it under `{EXCUSED}` there",
                    italics.words
                ),
            });
        }
    }
    problems
}

/// Whether the words in italics are this term, or its plural.
fn same(term: &str, words: &str) -> bool {
    let term = term.to_lowercase().replace('`', "");
    words == term || words.strip_suffix('s') == Some(&term)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(markdown: &str) -> Vec<(Page, Vec<Italics>)> {
        let page = Page {
            title: "1. One".into(),
            file: "01-one.md".into(),
            markdown: markdown.into(),
        };
        let italics = contents::italics(&page.markdown);
        vec![(page, italics)]
    }

    #[test]
    fn an_entry_leads_to_the_section_that_defines_its_term() {
        let pages = page("# 1. One\n\n## Two\n\nAn *Ab*.\n\n## Three\n\nMore *bcs*.\n");
        let entries = entries("bc: see\n  Two.\n\nab, ba: First.\n").unwrap();
        assert_eq!(
            list(&entries, &pages).unwrap(),
            "## A\n\nab, ba\n: First. [1. Two](01-one.md#two)\n\n\
             ## B\n\nbc\n: see Two. [1. Three](01-one.md#three)\n"
        );
        assert_eq!(missing(&entries, &pages), []);
    }

    #[test]
    fn a_term_without_an_entry_is_found() {
        let pages = page("A *term*, *very* much. *A head.*\n");
        let problems = missing(&entries("not terms: very, now\n").unwrap(), &pages);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].what.contains("`term`"), "{problems:?}");
    }

    #[test]
    fn an_entry_that_leads_nowhere_is_an_error() {
        let pages = page("No term.\n");
        assert!(list(&entries("a: b\n").unwrap(), &pages).is_err());
        assert!(list(&entries("a: [b](01-one.md)\n").unwrap(), &pages).is_ok());
        assert!(entries("a: b\nb, a: c\n").is_err());
    }
}
