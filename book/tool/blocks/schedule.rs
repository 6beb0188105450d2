//! The `schedule` block: a day of a course. The minutes of its parts have to fill the time
//! between its beginning and its end.
//!
//! ```text
//! day: Monday
//! from: 9:00
//! to: 10:30
//! 60 Chapter 1, to "The question"
//! 30 break
//! ```

use anyhow::{Context, Result, bail};

use crate::block::Block;
use crate::html::{escape, html_inline};

/// Returns the day as a table with the clock times.
///
/// # Errors
/// Returns an error if a field or a number is missing, or if the minutes do not fill the
/// day.
pub(crate) fn expand(block: Block<'_>) -> Result<String> {
    let (mut day, mut from, mut to) = (None, None, None);
    let mut rows = String::new();
    let mut now = 0;
    for line in block.body.lines().filter(|line| !line.trim().is_empty()) {
        match line.split_once(": ") {
            Some(("day", name)) => day = Some(name),
            Some(("from", time)) => {
                now = minutes(time)?;
                from = Some(now);
            }
            Some(("to", time)) => to = Some(minutes(time)?),
            _ => {
                let (length, what) = line.trim().split_once(' ').unwrap_or((line, ""));
                let length: u32 = length.parse().with_context(|| {
                    format!("`{line}` does not begin with its minutes")
                })?;
                rows += &format!(
                    "<tr><td>{}</td><td>{length} min</td><td>{}</td></tr>",
                    clock(now),
                    html_inline(what)
                );
                now += length;
            }
        }
    }
    let day = day.context("a schedule needs `day: NAME`")?;
    from.context("a schedule needs `from: HOUR:MINUTE`")?;
    let to = to.context("a schedule needs `to: HOUR:MINUTE`")?;
    if now != to {
        bail!(
            "the parts of {day} end at {}, and the day ends at {}",
            clock(now),
            clock(to)
        );
    }
    Ok(format!(
        "<table class=\"schedule\"><caption>{}</caption><thead><tr><th>from</th><th>for</th><th>what</th></tr></thead>\
         <tbody>{rows}<tr><td>{}</td><td></td><td>end</td></tr></tbody></table>\n",
        escape(day),
        clock(to)
    ))
}

fn minutes(time: &str) -> Result<u32> {
    let (hours, minutes) = time
        .trim()
        .split_once(':')
        .with_context(|| format!("`{time}` is not a time like 9:30"))?;
    Ok(hours.parse::<u32>()? * 60 + minutes.parse::<u32>()?)
}

fn clock(minutes: u32) -> String {
    format!("{}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(body: &str) -> Result<String> {
        expand(Block {
            line: 1,
            info: "schedule",
            body,
        })
    }

    #[test]
    fn each_part_has_its_time() {
        let html =
            day("day: One\nfrom: 9:00\nto: 10:30\n50 Chapter 1\n40 break\n").unwrap();
        assert!(
            html.contains("<td>9:50</td><td>40 min</td><td>break</td>"),
            "{html}"
        );
    }

    #[test]
    fn minutes_that_do_not_fill_the_day_are_refused() {
        let error =
            day("day: One\nfrom: 9:00\nto: 10:30\n50 Chapter 1\n30 break\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the parts of One end at 10:20, and the day ends at 10:30"
        );
        assert!(day("day: One\nfrom: 9:00\nto: 9:00\nbreak\n").is_err());
    }
}
