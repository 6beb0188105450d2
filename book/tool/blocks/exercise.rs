//! The `exercise` block: the task as the starter's head states it, with the hint and the
//! solution folded under it.
//!
//! All three are read from the lesson: they are the files that a reader edits and that
//! `course verify` proves.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use anyhow::{Context, Result, bail};
use regex::Regex;

use crate::block::Block;
use crate::house::House;
use crate::html::html_inline;

static LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\[(`[^`\]]+`)\](?:\([A-Za-z_:]+\))?").expect("a pattern of this file")
});

/// What an exercise block says.
pub(crate) struct Exercise<'a> {
    /// The name of its file and its test: `ex07_accept_key`.
    pub(crate) name: &'a str,
    /// How long it takes.
    pub(crate) minutes: u32,
    /// `warm up`, `build` or `stretch`.
    pub(crate) kind: &'a str,
}

impl<'a> Exercise<'a> {
    /// Reads the block.
    ///
    /// # Errors
    /// Returns an error for a block without a name, minutes or a known kind.
    pub(crate) fn parse(block: Block<'a>) -> Result<Self> {
        let (fields, rest) = block.fields();
        let [name] = rest.as_slice() else {
            bail!("an exercise block wants one line with the exercise's name")
        };
        let field = |wanted: &str| {
            fields
                .iter()
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| *value)
        };
        let minutes = field("minutes").context("`minutes: N` is missing")?;
        let kind =
            field("kind").context("`kind: warm up`, `build` or `stretch` is missing")?;
        if !["warm up", "build", "stretch"].contains(&kind) {
            bail!("kind is `warm up`, `build` or `stretch`, not `{kind}`");
        }
        Ok(Self {
            name: name.trim(),
            minutes: minutes
                .parse()
                .with_context(|| format!("`{minutes}` is not a number of minutes"))?,
            kind,
        })
    }

    /// Returns the title and the text of the task.
    ///
    /// # Errors
    /// Returns an error for an exercise without a starter.
    pub(crate) fn task(&self, house: &House) -> Result<(String, String)> {
        task(&self.read(house, "exercises", "rs")?)
    }

    fn read(&self, house: &House, folder: &str, ending: &str) -> Result<String> {
        let file = format!("{folder}/{}.{ending}", self.name);
        let path = lesson_of(house, self.name)?.join(&file);
        fs::read_to_string(path).with_context(|| format!("no {file}"))
    }
}

/// The exercise's name, and the block as Markdown.
///
/// # Errors
/// An exercise whose starter, hint or solution is not there.
pub(crate) fn expand(house: &House, block: Block<'_>) -> Result<(String, String)> {
    let exercise = Exercise::parse(block)?;
    let Exercise {
        name,
        minutes,
        kind,
    } = exercise;
    let lesson = lesson_of(house, name)?;
    let (title, task) = exercise.task(house)?;
    let hint = exercise.read(house, "hints", "md")?;
    let solution = exercise.read(house, "solutions", "rs")?;
    let path = lesson
        .strip_prefix(&house.root)
        .unwrap_or(&lesson)
        .join("exercises")
        .join(format!("{name}.rs"));
    let text = format!(
        "### {title} {{#{name}}}\n\n<p class=\"exercise\" data-exercise=\"{name}\"><span class=\"kind\">{kind}</span> {} <code>{}</code></p>\n\n{task}\n\n\
         ```sh\ncargo test --test {name}\n```\n\n\
         <details><summary>A hint</summary>\n\n{}\n\n</details>\n\n\
         <details class=\"solution\"><summary>The solution</summary>\n\n```rust\n{}\n```\n\n</details>\n",
        html_inline(&format!("about {minutes} minutes, in")),
        path.display(),
        hint.trim(),
        solution.trim(),
    );
    Ok((name.to_owned(), text))
}

/// The folder of the lesson that has it: `ex07_…` is in `lessons/07-…`.
fn lesson_of(house: &House, name: &str) -> Result<PathBuf> {
    let number = name
        .strip_prefix("ex")
        .and_then(|rest| rest.get(..2))
        .context("a name is like ex07_accept_key")?;
    for entry in fs::read_dir(house.root.join("lessons"))? {
        let entry = entry?;
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with(&format!("{number}-"))
        {
            return Ok(entry.path());
        }
    }
    bail!("no lesson {number} in lessons/");
}

/// The starter's head as a title and a text; how to run it is said once, by the block.
fn task(starter: &str) -> Result<(String, String)> {
    let head: Vec<_> = starter
        .lines()
        .take_while(|line| line.starts_with("//!"))
        .map(|line| line[3..].strip_prefix(' ').unwrap_or(&line[3..]))
        .collect();
    let (title, text) = head.split_first().context("the starter lacks a head")?;
    let title = title
        .strip_prefix("# ")
        .context("the starter's head begins with `# Title`")?;
    let text: Vec<_> = text
        .split(|line| line.is_empty())
        .map(|lines| lines.join("\n"))
        .collect();
    let text: Vec<_> = text
        .into_iter()
        .map(
            |paragraph| match paragraph.split_once("Try it: `cargo test") {
                Some((before, _)) => before.trim_end().to_owned(),
                None => paragraph,
            },
        )
        .collect();
    // rustdoc makes links of names in brackets; here there is nothing that they lead to.
    let text = LINK
        .replace_all(text.join("\n\n").trim(), "$1")
        .into_owned();
    Ok((title.to_owned(), text))
}

#[cfg(test)]
mod tests {
    use super::task;

    #[test]
    fn the_task_is_the_starters_head() {
        let (title, text) =
            task("//! # Add\n//!\n//! Add two\n//! numbers.\n//!\n//! Try it: `cargo test --test ex01_add`\n\nfn add() {}\n")
                .unwrap();
        assert_eq!(
            (title.as_str(), text.as_str()),
            ("Add", "Add two\nnumbers.")
        );
    }

    #[test]
    fn links_of_rustdoc_become_plain_names() {
        let (_, text) =
            task("//! # Add\n//!\n//! Return [`Wrong::Top`], see [a page](a.md).\n")
                .unwrap();
        assert_eq!(text, "Return `Wrong::Top`, see [a page](a.md).");
    }
}
