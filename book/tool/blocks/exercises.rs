//! The `exercises` block: an index of all exercises, made from the chapters' own blocks.

use anyhow::Result;

use super::exercise::Exercise;
use crate::contents;
use crate::house::House;
use crate::pieces;

/// Returns the index as Markdown.
///
/// # Errors
/// Returns an error for a chapter or an exercise that cannot be read.
pub(crate) fn expand(house: &House) -> Result<String> {
    let mut text = String::new();
    let (mut count, mut minutes) = (0, 0);
    for page in contents::pages(house)? {
        let mut rows = String::new();
        for block in pieces::blocks(&page.markdown) {
            if block.kind() != "exercise" {
                continue;
            }
            let exercise = Exercise::parse(block)?;
            let (title, _) = exercise.task(house)?;
            let (name, kind) = (exercise.name, exercise.kind);
            rows += &format!(
                "| [{title}]({}#{name})<br>`{name}` | {kind} | {} |\n",
                page.file, exercise.minutes
            );
            count += 1;
            minutes += exercise.minutes;
        }
        if !rows.is_empty() {
            text += &format!(
                "## {}\n\n| exercise | kind | min |\n|---|---|--:|\n{rows}\n",
                page.title
            );
        }
    }
    let hours = (minutes + 30) / 60;
    Ok(text.replacen(
        "## ",
        &format!("Together these are {count} exercises, for about {hours} hours.\n\n## "),
        1,
    ))
}
