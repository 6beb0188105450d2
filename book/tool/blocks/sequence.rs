//! A sequence diagram in the style of the book's pictures.
//!
//! The renderer that draws the other diagrams wraps a label after about fifteen letters,
//! however much room there is, and puts the words of a loop onto its frame. Ours needs
//! only participants, messages, notes and one level of loops.

use std::fmt::Write;

use anyhow::{Context, Result, bail};

use crate::html::escape;

/// The distance of two participants' lines, and of the outer ones from the edge.
const GAP: usize = 270;
const EDGE: usize = 110;
const LINE: usize = 18;
/// The letters of 14 pixels that fit between two lines, and into a note.
const LABEL: usize = 34;
const NOTE: usize = 25;

/// Returns the picture of a diagram whose first line is `sequenceDiagram`.
///
/// # Errors
/// Returns an error for a line that is none of the kinds above.
pub(crate) fn draw(body: &str) -> Result<String> {
    let lines = || {
        body.lines()
            .map(str::trim)
            .skip(1)
            .filter(|line| !line.is_empty())
    };
    let participants: Vec<(&str, &str)> = lines()
        .filter_map(|line| line.strip_prefix("participant ")?.split_once(" as "))
        .collect();
    let place = |name: &str| {
        let found = participants
            .iter()
            .position(|(short, _)| *short == name.trim());
        found
            .map(|index| EDGE + index * GAP)
            .with_context(|| format!("no participant `{}`", name.trim()))
    };
    let width = 2 * EDGE + participants.len().saturating_sub(1) * GAP;
    let (mut shapes, mut y, mut opened) = (String::new(), 52, None);
    for line in lines().filter(|line| !line.starts_with("participant ")) {
        if let Some(words) = line.strip_prefix("loop ") {
            y += 8;
            opened = Some(y);
            text(
                &mut shapes,
                width / 2,
                y + 17,
                "middle",
                &format!("repeated {words}"),
            );
            y += LINE + 8;
        } else if line == "end" {
            let top = opened.take().context("`end` without `loop`")?;
            y += 6;
            write!(
                shapes,
                "<rect x=\"12\" y=\"{top}\" width=\"{}\" height=\"{}\" rx=\"6\" class=\"line dashed\"/>",
                width - 24,
                y - top
            )?;
            y += 6;
        } else if let Some(note) = line.strip_prefix("Note over ") {
            let (name, words) = note.split_once(':').context("a note without `:`")?;
            let (x, rows) = (place(name)?, wrapped(words, NOTE));
            let height = rows.len() * LINE + 12;
            y += 8;
            write!(
                shapes,
                "<rect x=\"{}\" y=\"{y}\" width=\"200\" height=\"{height}\" rx=\"4\" class=\"box\"/>",
                x - 100
            )?;
            for (row, words) in rows.iter().enumerate() {
                text(&mut shapes, x, y + 20 + row * LINE, "middle", words);
            }
            y += height;
        } else {
            let (ends, words) = line.split_once(':').context("a message without `:`")?;
            let (from, to, dashed) =
                match (ends.split_once("-->>"), ends.split_once("->>")) {
                    (Some((from, to)), _) => (from, to, " dashed"),
                    (None, Some((from, to))) => (from, to, ""),
                    (None, None) => bail!("`{line}` is no part of a sequence diagram"),
                };
            let (from, to) = (place(from)?, place(to)?);
            for words in wrapped(words, LABEL) {
                y += LINE;
                text(&mut shapes, usize::midpoint(from, to), y, "middle", &words);
            }
            y += 9;
            let (start, end, tip, head) = if from < to {
                (from + 4, to - 12, to - 3, "-10 -5")
            } else {
                (from - 4, to + 12, to + 3, "10 -5")
            };
            write!(
                shapes,
                "<path d=\"M{start} {y} H{end}\" class=\"line{dashed}\"/>\
                 <path d=\"M{tip} {y} l{head} v10 z\" class=\"arrow\"/>"
            )?;
            y += 6;
        }
    }
    let height = y + 14;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" viewBox=\"0 0 {width} {height}\" font-size=\"14\">"
    );
    for (index, (_, name)) in participants.iter().enumerate() {
        let x = EDGE + index * GAP;
        write!(
            svg,
            "<path d=\"M{x} 38 V{height}\" class=\"line dashed\"/>\
             <rect x=\"{}\" y=\"6\" width=\"120\" height=\"32\" rx=\"6\" class=\"box {}\"/>",
            x - 60,
            if index == 0 { "a" } else { "b" },
        )?;
        text(&mut svg, x, 27, "middle", name);
    }
    Ok(svg + &shapes + "</svg>")
}

fn text(svg: &mut String, x: usize, y: usize, anchor: &str, words: &str) {
    *svg += &format!(
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>",
        escape(words.trim())
    );
}

/// Breaks a label at spaces so that no row has more than `limit` letters, and all rows are
/// about equally long.
fn wrapped(words: &str, limit: usize) -> Vec<String> {
    let length = words.trim().chars().count();
    let even = length.div_ceil(length.div_ceil(limit).max(1)) + 3;
    let mut rows: Vec<String> = vec![String::new()];
    for word in words.split_whitespace() {
        let row = rows.last_mut().expect("there is always a row");
        let longer = row.chars().count() + 1 + word.chars().count();
        if row.is_empty() {
            row.push_str(word);
        } else if longer <= even.min(limit) {
            *row += " ";
            *row += word;
        } else {
            rows.push(word.to_owned());
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIAGRAM: &str = "sequenceDiagram\n    participant B as Browser\n    \
        participant S as Server\n    B->>S: GET /chat, Upgrade: websocket, Sec-WebSocket-Key\n    \
        Note over S: thinks\n    S-->>B: 101 & more\n    loop until one closes\n        \
        B->>S: a frame\n    end\n";

    #[test]
    fn a_label_uses_the_room_between_two_lines() {
        let svg = draw(DIAGRAM).unwrap();
        assert!(svg.contains(">GET /chat, Upgrade:"), "{svg}");
        assert_eq!(wrapped("WebSocket with the same sid", LABEL).len(), 1);
        for row in wrapped(&"word ".repeat(30), LABEL) {
            assert!(row.chars().count() <= LABEL, "{row}");
        }
    }

    #[test]
    fn the_words_of_a_loop_are_inside_its_frame_and_above_its_messages() {
        let svg = draw(DIAGRAM).unwrap();
        // The `y` in the last tag that begins before `mark`.
        let y = |mark: &str| {
            let tag = &svg[..svg.find(mark).unwrap()];
            let value = tag.rsplit_once(" y=\"").unwrap().1;
            value.split('"').next().unwrap().parse::<usize>().unwrap()
        };
        let words = y(">repeated until one closes");
        let frame = y(" rx=\"6\" class=\"line dashed\"");
        let message = y(">a frame");
        assert!(
            frame + 14 <= words && words + 14 <= message,
            "{frame} {words} {message}"
        );
    }

    #[test]
    fn a_line_of_another_kind_is_an_error() {
        for line in ["activate B", "B->>X: hello", "Note over B", "end"] {
            let body = format!("sequenceDiagram\nparticipant B as Browser\n{line}\n");
            assert!(draw(&body).is_err(), "{line}");
        }
    }
}
