//! The talk's server and client with their faults fixed: a message is a line, all of it
//! is sent, and lines have a limit.
//!
//! The functions take any stream, so the same code runs over [`crate::by_hand`],
//! `std::net`, a Unix socket and a test's streams.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};

/// The longest line that the server accepts, in bytes, including its `\n`. A client that
/// sends a longer one is disconnected.
pub const LONGEST_LINE: usize = 1024;

/// Where the peer's stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// After a complete line, or before the first one.
    BetweenLines,
    /// In the middle of a line: the part that arrived was printed and sent back.
    InALine,
}

/// Prints each line of `stream` and sends it back, until the peer's stream ends.
///
/// # Errors
/// Returns `InvalidData` for a line longer than [`LONGEST_LINE`], and any error of
/// `stream` and `printed`.
// ANCHOR: converse
pub fn converse(
    stream: impl Read + Write,
    printed: &mut impl Write,
) -> io::Result<Ending> {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        // ANCHOR: one_line
        line.clear();
        (&mut stream)
            .take(LONGEST_LINE as u64)
            .read_until(b'\n', &mut line)?;
        let whole = line.ends_with(b"\n");
        if !whole && line.len() == LONGEST_LINE {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                format!("a line of over {LONGEST_LINE} bytes"),
            ));
        }
        // ANCHOR_END: one_line
        // ANCHOR: answer
        if line.is_empty() {
            return Ok(Ending::BetweenLines);
        }
        printed.write_all(&line)?;
        if !whole {
            printed.write_all(b"\n")?;
            stream.get_mut().write_all(&line)?;
            return Ok(Ending::InALine);
        }
        stream.get_mut().write_all(&line)?;
        // ANCHOR_END: answer
    }
}
// ANCHOR_END: converse

/// Sends `message` as one line and returns the line that comes back, without its `\n`.
///
/// # Errors
/// Returns `InvalidInput` if the message is not a single line, `UnexpectedEof` if the
/// peer's stream ends before a complete line has arrived, and `InvalidData` if its line
/// is longer than [`LONGEST_LINE`] or not UTF-8.
// ANCHOR: ask
pub fn ask(mut stream: impl Read + Write, message: &str) -> io::Result<String> {
    if message.contains('\n') || message.len() >= LONGEST_LINE {
        let why = format!("a message is one line of under {LONGEST_LINE} bytes");
        return Err(io::Error::new(ErrorKind::InvalidInput, why));
    }
    stream.write_all(format!("{message}\n").as_bytes())?;
    let mut answer = Vec::new();
    BufReader::new(stream.take(LONGEST_LINE as u64)).read_until(b'\n', &mut answer)?;
    if answer.pop() != Some(b'\n') {
        let too_long = answer.len() + 1 == LONGEST_LINE;
        return Err(if too_long {
            ErrorKind::InvalidData
        } else {
            ErrorKind::UnexpectedEof
        }
        .into());
    }
    String::from_utf8(answer)
        .map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}
// ANCHOR_END: ask
