//! The vocabulary of the book's program: a fenced block of a chapter, and a problem in one.

use std::fmt;
use std::path::PathBuf;

/// A fault in the book, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    /// The file, from the workspace's root.
    pub(crate) file: PathBuf,
    /// The line, from 1; 0 for the file as a whole.
    pub(crate) line: usize,
    /// The fault, and what to do about it.
    pub(crate) what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Prints the problems and returns whether there are none.
pub(crate) fn report(problems: &[Problem]) -> bool {
    for problem in problems {
        eprintln!("{problem}");
    }
    if !problems.is_empty() {
        eprintln!(
            "{} {}",
            problems.len(),
            if problems.len() == 1 {
                "problem"
            } else {
                "problems"
            }
        );
    }
    problems.is_empty()
}

/// A fenced block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'a> {
    /// The line of its opening fence, from 1.
    pub(crate) line: usize,
    /// The words after the fence: `rust`, `quiz prints`.
    pub(crate) info: &'a str,
    /// The lines between the fences.
    pub(crate) body: &'a str,
}

impl<'a> Block<'a> {
    /// The first word of [`Block::info`].
    pub(crate) fn kind(&self) -> &'a str {
        self.info.split([' ', ',']).next().unwrap_or_default()
    }

    /// `name: value` lines, and the rest.
    pub(crate) fn fields(&self) -> (Vec<(&'a str, &'a str)>, Vec<&'a str>) {
        let (mut fields, mut rest) = (Vec::new(), Vec::new());
        for line in self.body.lines() {
            match line.split_once(": ") {
                Some((name, value))
                    if !name.is_empty()
                        && name.chars().all(|c| c.is_ascii_lowercase()) =>
                {
                    fields.push((name, value.trim()));
                }
                _ if line.trim().is_empty() => {}
                _ => rest.push(line),
            }
        }
        (fields, rest)
    }
}

/// `text` as part of an address or a name: lower case, and `-` for whatever else.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_lines_with_a_name() {
        let block = Block {
            line: 4,
            info: "lesson",
            body: "lesson: 07-websocket\n- say what: a frame is\n",
        };
        let (fields, rest) = block.fields();
        assert_eq!(fields, [("lesson", "07-websocket")]);
        assert_eq!(rest, ["- say what: a frame is"]);
    }
}
