//! `{{#include PATH}}` and `{{#include PATH:ANCHOR}}`.
//!
//! mdBook leaves a block empty when the anchor is not there, and says nothing. Here that
//! is an error.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// `text` with its includes, which are relative to `folder`.
///
/// # Errors
/// A file or an anchor that is not there, or another `{{#…}}`.
pub(crate) fn expand(folder: &Path, text: &str) -> Result<String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("{{#") {
        let (directive, behind) =
            after.split_once("}}").context("a {{#…}} without its end")?;
        let Some(target) = directive.strip_prefix("include ") else {
            bail!(
                "{{{{#{directive}}}}} is not known here: only {{{{#include PATH:ANCHOR}}}} is"
            );
        };
        let (path, anchor) = match target.trim().rsplit_once(':') {
            Some((path, anchor)) => (path, Some(anchor)),
            None => (target.trim(), None),
        };
        let file = fs::read_to_string(folder.join(path))
            .with_context(|| format!("cannot include {path}"))?;
        out.push_str(before);
        out.push_str(&lines(&file, anchor).with_context(|| {
            format!("no anchor {} in {path}", anchor.unwrap_or_default())
        })?);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

/// Returns the path of the first file that `text` includes, and the line of the file that
/// the included part begins with, unless it is the whole file.
pub(crate) fn place(folder: &Path, text: &str) -> Option<(PathBuf, Option<usize>)> {
    let (_, after) = text.split_once("{{#include ")?;
    let (target, _) = after.split_once("}}")?;
    let (path, anchor) = match target.trim().rsplit_once(':') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (target.trim(), None),
    };
    let path = folder.join(path);
    let line = anchor.and_then(|anchor| {
        let text = fs::read_to_string(&path).ok()?;
        let mark = |line: &str| {
            let (_, name) = line.split_once("ANCHOR:")?;
            Some(name.trim() == anchor)
        };
        let start = text.lines().position(|line| mark(line) == Some(true))?;
        // Other anchors can begin at the same place.
        let marks = text.lines().skip(start);
        let marks = marks.take_while(|line| line.contains("ANCHOR")).count();
        Some(start + marks + 1)
    });
    Some((path, line))
}

/// The lines between an anchor's marks, without those of other anchors, moved to the
/// left.
fn lines(file: &str, anchor: Option<&str>) -> Option<String> {
    let (mut inside, mut found) = (anchor.is_none(), Vec::new());
    let mut there = inside;
    for line in file.lines() {
        let mark = |name: &str| line.split_once(name).map(|(_, rest)| rest.trim());
        if let Some(name) = mark("ANCHOR_END:") {
            inside &= Some(name) != anchor;
        } else if let Some(name) = mark("ANCHOR:") {
            if Some(name) == anchor {
                (inside, there) = (true, true);
            }
        } else if inside {
            found.push(line);
        }
    }
    let indent = found
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    (there && !found.is_empty()).then(|| {
        found
            .iter()
            .map(|line| line.get(indent..).unwrap_or(""))
            .collect::<Vec<_>>()
            .join("\n")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "// ANCHOR: outer\nfn a() {\n    // ANCHOR: inner\n    b();\n\n      c();\n    // ANCHOR_END: inner\n}\n// ANCHOR_END: outer\n";

    #[test]
    fn an_anchor_is_cut_out_and_moved_to_the_left() {
        assert_eq!(
            lines(FILE, Some("inner")).as_deref(),
            Some("b();\n\n  c();")
        );
        assert_eq!(
            lines(FILE, Some("outer")).as_deref(),
            Some("fn a() {\n    b();\n\n      c();\n}")
        );
    }

    #[test]
    fn a_missing_or_empty_anchor_is_not_there() {
        assert_eq!(lines(FILE, Some("inne")), None);
        assert_eq!(lines("// ANCHOR: a\n// ANCHOR_END: a\n", Some("a")), None);
    }

    #[test]
    fn a_place_is_the_first_line_of_the_code() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.rs"), FILE).unwrap();
        let line = |target: &str| {
            place(folder.path(), &format!("{{{{#include {target}}}}}\n"))
                .unwrap()
                .1
        };
        assert_eq!(line("a.rs:outer"), Some(2));
        assert_eq!(line("a.rs:inner"), Some(4));
        assert_eq!(line("a.rs"), None);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong =
            |text: &str| format!("{:#}", expand(Path::new("."), text).unwrap_err());
        assert!(
            wrong("{{#include Cargo.toml:nothing}}")
                .contains("no anchor nothing in Cargo.toml")
        );
        assert!(
            wrong("{{#include no/such/file.rs}}")
                .contains("cannot include no/such/file.rs")
        );
        assert!(wrong("{{#playground a.rs}}").contains("not known"));
    }
}
