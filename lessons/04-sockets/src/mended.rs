//! The talk's server and client with the faults mended: a message is a line, all of it is
//! sent, and every wait ends.
//!
//! Written for any stream, so that the same code runs over [`crate::by_hand`],
//! `std::net`, a Unix socket and a test.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};

/// The longest line that the server takes, in bytes, with its `\n`. A stranger who sends
/// more is sent away.
pub const LONGEST_LINE: usize = 1024;

/// How a conversation ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// After a whole line, or before the first.
    BetweenLines,
    /// In the middle of a line: what came is printed, and may be half of what was meant.
    InALine,
}

/// Prints each line of `stream` and sends it back, until the peer has no more to say.
///
/// # Errors
/// `InvalidData` for a line over [`LONGEST_LINE`], and what `stream` and `printed` give.
// ANCHOR: converse
pub fn converse(
    stream: impl Read + Write,
    printed: &mut impl Write,
) -> io::Result<Ending> {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
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
    }
}
// ANCHOR_END: converse

/// Sends `message` as one line and gives the line that comes back, without its `\n`.
///
/// # Errors
/// `InvalidInput` when the message is no line, `UnexpectedEof` when the peer ends before
/// a whole line has come, `InvalidData` when its line is over [`LONGEST_LINE`] or not
/// UTF-8.
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
