//! `book capture` runs the commands that chapters show; `book check` runs them again and
//! compares.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::block::Problem;
use crate::blocks::capture::Capture;
use crate::chapter::Chapter;
use crate::house::House;
use crate::run::{has, run};
use crate::site;

/// Building included.
const LIMIT: Duration = Duration::from_secs(600);

/// Each command once, with the blocks that show it.
fn by_command(chapters: &[Chapter]) -> BTreeMap<String, Vec<(PathBuf, Capture)>> {
    let mut commands = BTreeMap::<_, Vec<_>>::new();
    for chapter in chapters {
        for capture in &chapter.captures {
            commands
                .entry(capture.command.clone())
                .or_default()
                .push((chapter.file.clone(), capture.clone()));
        }
    }
    commands
}

/// A tool that a command needs and that is not here.
fn missing(blocks: &[(PathBuf, Capture)]) -> Option<&str> {
    blocks
        .iter()
        .flat_map(|(_, capture)| &capture.needs)
        .map(String::as_str)
        .find(|tool| !has(tool))
}

/// Runs the commands of all chapters and keeps what they print; whether all of them ended
/// as they should.
///
/// # Errors
/// Chapters that cannot be read, output that cannot be kept.
pub(crate) fn capture_all(house: &House, filter: Option<&str>) -> Result<bool> {
    let mut well = true;
    for (command, blocks) in by_command(&site::chapters(house)?) {
        if filter.is_some_and(|filter| !command.contains(filter)) {
            continue;
        }
        println!("$ {command}");
        if let Some(tool) = missing(&blocks) {
            println!("  skipped: {tool} is missing");
            continue;
        }
        let output = run(house, &command, true, LIMIT)?;
        if output.status != Some(blocks[0].1.exit) {
            println!(
                "{}\n  ended with status {:?}: not kept",
                output.text.trim_end(),
                output.status
            );
            well = false;
            continue;
        }
        let file = blocks[0].1.file(house);
        fs::create_dir_all(house.book.join("captures"))?;
        fs::write(&file, output.text)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(well)
}

/// Runs the commands again and compares.
pub(crate) fn check(house: &House, chapters: &[Chapter]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (command, blocks) in by_command(chapters) {
        if let Some(tool) = missing(&blocks) {
            println!("  skipped: `{command}`, as {tool} is missing");
            if std::env::var("CI").is_ok_and(|ci| ci == "true") {
                let (file, capture) = &blocks[0];
                problems.push(Problem {
                    file: file.clone(),
                    line: capture.line,
                    what: format!("{tool} is missing"),
                });
            }
            continue;
        }
        println!("  $ {command}");
        let fresh = run(house, &command, true, LIMIT);
        for (file, capture) in &blocks {
            // Said where the chapter was read.
            let Ok(kept) = fs::read_to_string(capture.file(house)) else {
                continue;
            };
            let what = match &fresh {
                Err(error) => Some(error.to_string()),
                Ok(fresh) if fresh.status != Some(capture.exit) => Some(format!(
                    "`{command}` ended with status {}, not {}:\n{}",
                    fresh
                        .status
                        .map_or("by a signal".into(), |status| status.to_string()),
                    capture.exit,
                    fresh.text.trim_end()
                )),
                Ok(fresh) => capture.difference(&kept, &fresh.text),
            };
            problems.extend(what.map(|what| Problem {
                file: file.clone(),
                line: capture.line,
                what,
            }));
        }
    }
    problems
}
