//! Search that prefers the sections of the text: a quiz or a list of further reading
//! names every term of its chapter, and would otherwise come before the section that
//! explains it.
//!
//! mdBook gives all sections the same weight, so the finished index is changed.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// Sections of the frame of a chapter, which explain nothing that has no section of its own:
/// they are found last.
const LAST: [&str; 8] = [
    "Quiz",
    "Further reading",
    "The library at a glance",
    "The question",
    "Run it",
    "Measure it",
    "Then and now",
    "Recap",
];

/// What is left of their weight.
const WEIGHT: f64 = 0.05;

const START: &str = "JSON.parse('";
const END: &str = "')";

/// Changes the index among the `pages`, if there is one.
///
/// # Errors
/// Returns an error for a file that cannot be read or written, or that is not an index.
pub(crate) fn prefer_sections(pages: &Path) -> Result<()> {
    for entry in fs::read_dir(pages)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("searchindex") && name.ends_with(".js") {
            let script = fs::read_to_string(&path)?;
            let script = reweighed(&script)
                .with_context(|| format!("{} is not as expected", path.display()))?;
            fs::write(&path, script)?;
        }
    }
    Ok(())
}

/// The script with other weights.
fn reweighed(script: &str) -> Result<String> {
    let (before, rest) = script.split_once(START).context("no JSON in it")?;
    let (json, after) = rest.rsplit_once(END).context("its JSON has no end")?;
    let mut search: Value = serde_json::from_str(&unquote(json))?;
    let index = search.get_mut("index").context("no index in it")?;
    let documents = index["documentStore"]["docs"]
        .as_object()
        .context("no documents in it")?;
    let last: Vec<_> = documents
        .iter()
        .filter(|(_, document)| {
            let title = document["title"].as_str().unwrap_or_default();
            LAST.contains(&title.trim())
        })
        .map(|(id, _)| id.clone())
        .collect();
    weigh_down(index.get_mut("index").context("no fields in it")?, &last);
    let json = quote(&serde_json::to_string(&search)?);
    Ok(format!("{before}{START}{json}{END}{after}"))
}

/// The index is a tree with a node for each letter; a node's `docs` say how often the word
/// that ends there is in which document.
fn weigh_down(node: &mut Value, last: &[String]) {
    let Some(node) = node.as_object_mut() else {
        return;
    };
    for (name, child) in node {
        match (name.as_str(), child.as_object_mut()) {
            ("docs", Some(documents)) => {
                for id in last {
                    let count = documents.get(id).and_then(|found| found["tf"].as_f64());
                    if let Some(count) = count {
                        documents[id]["tf"] = Value::from(count * WEIGHT);
                    }
                }
            }
            _ => weigh_down(child, last),
        }
    }
}

/// JavaScript's text between two `'` as JSON. mdBook escapes only these two characters.
fn unquote(text: &str) -> String {
    let (mut plain, mut characters) = (String::with_capacity(text.len()), text.chars());
    while let Some(c) = characters.next() {
        plain.extend(if c == '\\' {
            characters.next()
        } else {
            Some(c)
        });
    }
    plain
}

/// The opposite of [`unquote`].
fn quote(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_quiz_weighs_less_than_a_section() {
        let search = json!({
            "doc_urls": ["a.html#epoll", "a.html#quiz"],
            "index": {
                "documentStore": { "docs": {
                    "0": { "title": "epoll isn't \"poll\"" },
                    "1": { "title": "Quiz" },
                }},
                "index": { "body": { "root": {
                    "e": { "docs": {}, "p": { "docs": {
                        "0": { "tf": 1.0 },
                        "1": { "tf": 2.0 },
                    }}},
                }}},
            },
        });
        let script = format!("x({START}{}{END});", quote(&search.to_string()));
        let script = reweighed(&script).unwrap();
        let json = script
            .strip_prefix(&format!("x({START}"))
            .and_then(|rest| rest.strip_suffix(&format!("{END});")))
            .unwrap();
        let found: Value = serde_json::from_str(&unquote(json)).unwrap();
        let documents = &found["index"]["index"]["body"]["root"]["e"]["p"]["docs"];
        assert_eq!(
            *documents,
            json!({ "0": { "tf": 1.0 }, "1": { "tf": 0.1 } })
        );
        assert_eq!(
            found["index"]["documentStore"],
            search["index"]["documentStore"]
        );
    }

    #[test]
    fn an_index_of_another_form_is_an_error() {
        assert!(reweighed("window.search = {};").is_err());
    }
}
