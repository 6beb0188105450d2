//! The `capture` block: a command and what it printed when it was last run by `book
//! capture`.
//!
//! The output is kept in `book/captures`, so that a page shows what a run gave and
//! building takes no time. `book check` runs the command again and compares, after the
//! block's masks: what may differ from run to run is said where it is shown.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use anyhow::{Context, Result, bail};
use regex::Regex;

use crate::block::{Block, slug};
use crate::house::House;

/// One block.
#[derive(Debug, Clone)]
pub(crate) struct Capture {
    /// Its line in the chapter.
    pub(crate) line: usize,
    /// As a reader types it.
    pub(crate) command: String,
    /// Shows the output from the first line with this on.
    from: Option<String>,
    /// Shows it up to the line with this, behind `from`.
    to: Option<String>,
    masks: Vec<Regex>,
    /// The lines may come in any order.
    unordered: bool,
    /// Programs that must be there.
    pub(crate) needs: Vec<String>,
    /// The status that the command ends with.
    pub(crate) exit: i32,
}

static NUMBERS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[-+]?\d[\d.,_]*"));
static TIMES: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\d[\d.,_]*\s*(ns|µs|us|ms|s|min)\b"));
static BARS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[▁▂▃▄▅▆▇█▉▊▋▌▍▎▏░▒▓]+"));
static ADDRESSES: LazyLock<Regex> = LazyLock::new(|| pattern(r"0x[0-9a-fA-F]+"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of this file")
}

impl Capture {
    /// # Errors
    /// Returns an error for a missing or unknown field.
    pub(crate) fn parse(block: Block<'_>) -> Result<Self> {
        let (fields, rest) = block.fields();
        let [command] = rest.as_slice() else {
            bail!("a capture wants one line with the command")
        };
        let mut capture = Self {
            line: block.line,
            command: command.trim().to_owned(),
            from: None,
            to: None,
            masks: Vec::new(),
            unordered: false,
            needs: Vec::new(),
            exit: 0,
        };
        for (name, value) in fields {
            match (name, value) {
                ("from", _) => capture.from = Some(value.to_owned()),
                ("to", _) => capture.to = Some(value.to_owned()),
                ("order", "any") => capture.unordered = true,
                ("needs", _) => capture.needs.push(value.to_owned()),
                ("exit", _) => {
                    capture.exit = value.parse().context("`exit` wants a number")?;
                }
                ("mask", "numbers") => capture.masks.push(NUMBERS.clone()),
                ("mask", "times") => capture.masks.push(TIMES.clone()),
                ("mask", "bars") => capture.masks.push(BARS.clone()),
                ("mask", "addresses") => capture.masks.push(ADDRESSES.clone()),
                ("mask", _) => match value
                    .strip_prefix('/')
                    .and_then(|rest| rest.strip_suffix('/'))
                {
                    Some(regex) => {
                        capture.masks.push(Regex::new(regex).context("`mask`")?);
                    }
                    None => bail!(
                        "mask is numbers, times, bars, addresses or /REGEX/, not `{value}`"
                    ),
                },
                _ => bail!(
                    "a capture has from, to, mask, order, needs and exit, not `{name}: {value}`"
                ),
            }
        }
        // An address has digits in it: it must be gone before numbers are.
        capture
            .masks
            .sort_by_key(|mask| mask.as_str() == NUMBERS.as_str());
        Ok(capture)
    }

    pub(crate) fn file(&self, house: &House) -> PathBuf {
        let name = slug(
            &self
                .command
                .replace("cargo run ", "")
                .replace("-p lesson-", ""),
        );
        house.book.join("captures").join(format!("{name}.txt"))
    }

    /// The command and its kept output, as Markdown.
    ///
    /// # Errors
    /// No output was kept, or `from` and `to` are not in it.
    pub(crate) fn expand(&self, house: &House) -> Result<String> {
        let kept = fs::read_to_string(self.file(house)).ok();
        let kept = kept.with_context(|| {
            format!(
                "no output of `{}` yet: cargo run -p book -- capture",
                self.command
            )
        })?;
        let shown = self.shown(&kept)?;
        Ok(format!(
            "```console\n$ {}\n{}\n```\n",
            self.command,
            shown.trim_end()
        ))
    }

    /// The part of `output` that the block shows.
    fn shown(&self, output: &str) -> Result<String> {
        let lines: Vec<_> = output.lines().collect();
        let find = |text: &Option<String>, after: usize| match text {
            None => Ok(None),
            Some(text) => {
                match lines[after..].iter().position(|line| line.contains(text)) {
                    Some(at) => Ok(Some(after + at)),
                    None => bail!("`{}` printed no line with `{text}`", self.command),
                }
            }
        };
        let from = find(&self.from, 0)?.unwrap_or(0);
        let to = find(&self.to, (from + 1).min(lines.len()))?.unwrap_or(lines.len());
        Ok(lines[from..to].join("\n"))
    }

    /// `text` without what may differ.
    fn masked(&self, text: &str) -> Vec<String> {
        let mut lines: Vec<_> = text
            .lines()
            .map(|line| {
                let line = self.masks.iter().fold(line.to_owned(), |line, mask| {
                    mask.replace_all(&line, "#").into_owned()
                });
                // Columns move with the numbers in them.
                line.split_whitespace().collect::<Vec<_>>().join(" ")
            })
            .collect();
        // A masked sentence may wrap into another number of lines.
        lines.dedup_by(|line, before| line == "#" && before == "#");
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        if self.unordered {
            lines.sort();
        }
        lines
    }

    /// Describes the first difference between the kept output and a fresh one.
    pub(crate) fn difference(&self, kept: &str, fresh: &str) -> Option<String> {
        let (kept, fresh) = match (self.shown(kept), self.shown(fresh)) {
            (Ok(kept), Ok(fresh)) => (self.masked(&kept), self.masked(&fresh)),
            (Err(error), _) | (_, Err(error)) => return Some(error.to_string()),
        };
        let at = (0..kept.len().max(fresh.len()))
            .find(|at| kept.get(*at) != fresh.get(*at))?;
        let line = |lines: &[String]| {
            lines
                .get(at)
                .map_or("nothing more".to_owned(), |line| format!("`{line}`"))
        };
        Some(format!(
            "`{}` prints something else now. Line {}: the book has {}, a fresh run {}",
            self.command,
            at + 1,
            line(&kept),
            line(&fresh)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(body: &str) -> Capture {
        Capture::parse(Block {
            line: 1,
            info: "capture",
            body,
        })
        .unwrap()
    }

    #[test]
    fn masks_hide_what_may_differ_and_nothing_else() {
        let times = capture("x\nmask: times\n");
        assert_eq!(
            times.difference("took  12.5 ms, 3 tries", "took 1,300 ms, 3 tries"),
            None
        );
        assert!(
            times
                .difference("took 12 ms, 3 tries", "took 12 ms, 4 tries")
                .is_some()
        );
        let numbers = capture("x\nmask: numbers\nmask: bars\nmask: addresses\n");
        assert_eq!(
            numbers.difference("a 0x7f00 12 ████", "a 0xbeef   1,200 ██"),
            None
        );
        assert!(numbers.difference("a 12", "b 12").is_some());
    }

    #[test]
    fn a_line_more_or_less_is_a_difference() {
        let exact = capture("x\n");
        assert!(
            exact
                .difference("a\n", "a\nb\n")
                .is_some_and(|what| what.contains("nothing more"))
        );
        assert_eq!(exact.difference("a\n\n", "a\n"), None);
    }

    #[test]
    fn a_masked_sentence_may_wrap_differently() {
        let masked = capture("x\nmask: /^  \\| .*/\n");
        assert_eq!(masked.difference("a\n  | b\n", "a\n  | c d\n  | e\n"), None);
        assert!(masked.difference("a\n  | b\n", "a\n").is_some());
    }

    #[test]
    fn lines_in_any_order_are_sorted() {
        assert_eq!(
            capture("x\norder: any\n").difference("b\na\n", "a\nb\n"),
            None
        );
        assert!(capture("x\n").difference("b\na\n", "a\nb\n").is_some());
    }

    #[test]
    fn a_part_is_cut_out() {
        let part = capture("x\nfrom: Two\nto: Three\n");
        assert_eq!(part.shown("One\n1\nTwo\n2\nThree\n3\n").unwrap(), "Two\n2");
        assert!(part.shown("One\n").is_err());
        assert_eq!(
            part.difference("Two\n2\nThree\n3\n", "Two\n2\nThree\n4\n"),
            None
        );
    }

    #[test]
    fn a_mask_that_nobody_knows_is_an_error() {
        assert!(
            Capture::parse(Block {
                line: 1,
                info: "capture",
                body: "x\nmask: number\n"
            })
            .is_err()
        );
        assert!(
            Capture::parse(Block {
                line: 1,
                info: "capture",
                body: "x\nmask: /(/\n"
            })
            .is_err()
        );
        assert!(
            Capture::parse(Block {
                line: 1,
                info: "capture",
                body: "mask: times\n"
            })
            .is_err()
        );
    }
}
