//! The `lesson` block at the top of a chapter: what a reader will be able to do, how long
//! it takes, the commands.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::block::Block;
use crate::house::House;
use crate::html::html_inline;

/// The lesson's folder, and the block as Markdown.
///
/// # Errors
/// A lesson that is not there, a field that is missing or not known.
pub(crate) fn expand(house: &House, block: Block<'_>) -> Result<(String, String)> {
    let (fields, outcomes) = block.fields();
    let (mut lesson, mut talk, mut time) = (None, None, None);
    for (name, value) in fields {
        match name {
            "lesson" => lesson = Some(value),
            "talk" => talk = Some(value),
            "time" => time = Some(value),
            _ => bail!(
                "a lesson block has `lesson`, `talk`, `time` and outcomes, not `{name}`"
            ),
        }
    }
    let lesson = lesson.context("a lesson block wants `lesson: NN-name`")?;
    let folder = house.root.join("lessons").join(lesson);
    if !folder.join("Cargo.toml").is_file() {
        bail!("no lesson {lesson} in lessons/");
    }
    let mut list = String::new();
    for line in outcomes {
        let Some(outcome) = line.strip_prefix("- ") else {
            bail!("`{line}` is neither a field nor an outcome")
        };
        list += &format!("<li>{}</li>", html_inline(outcome));
    }
    if list.is_empty() {
        bail!("no outcomes: what will a reader be able to do?");
    }

    let number = lesson.split('-').next().unwrap_or_default();
    let mut commands = String::new();
    if folder.join("src/main.rs").is_file() {
        commands += &format!("cargo run -p lesson-{lesson}  # the tour\n");
    }
    commands.push_str(&format!(
        "cargo test -p lesson-{lesson}  # what this chapter claims\n"
    ));
    if exercises(&folder)? {
        commands += &format!(
            "cargo test --no-fail-fast --test 'ex{number}_*'  # the exercises\n"
        );
    }
    let time = time
        .map(|time| format!("<p class=\"time\">{}</p>", html_inline(time)))
        .unwrap_or_default();
    let talk = talk
        .map(|talk| format!("<p class=\"talk\">The talk: {}</p>", html_inline(talk)))
        .unwrap_or_default();
    let text = format!(
        "<div class=\"lesson\"><p>Afterwards you can</p><ul>{list}</ul>{time}{talk}</div>\n\n```sh\n{}```\n",
        aligned(&commands)
    );
    Ok((lesson.to_owned(), text))
}

fn exercises(folder: &std::path::Path) -> Result<bool> {
    Ok(folder.join("exercises").is_dir()
        && fs::read_dir(folder.join("exercises"))?.next().is_some())
}

/// Comments in one column.
fn aligned(commands: &str) -> String {
    let split: Vec<_> = commands
        .lines()
        .filter_map(|line| line.split_once('#'))
        .collect();
    let width = split
        .iter()
        .map(|(command, _)| command.trim_end().len())
        .max()
        .unwrap_or(0);
    let lines = split
        .iter()
        .map(|(command, comment)| format!("{:width$}  #{comment}", command.trim_end()));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}
