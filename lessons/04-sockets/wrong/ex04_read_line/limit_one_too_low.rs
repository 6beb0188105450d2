//! Caught by: the_longest_line_passes
//!
//! Off by one: `MAX_LINE` itself is allowed.

use std::io::{self, ErrorKind, Read};

/// The longest line that is let in, in bytes, without its `\n`.
pub const MAX_LINE: usize = 1024;

/// Gives the next line of `stream`; `received` holds what came and is not used yet.
pub fn read_line(
    stream: &mut impl Read,
    received: &mut Vec<u8>,
) -> io::Result<Option<String>> {
    loop {
        let end = received.iter().position(|&byte| byte == b'\n');
        if end.unwrap_or(received.len()) >= MAX_LINE {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                "the line is too long",
            ));
        }
        if let Some(end) = end {
            let mut line: Vec<u8> = received.drain(..=end).collect();
            line.pop(); // the `\n`
            return String::from_utf8(line)
                .map(Some)
                .map_err(|error| io::Error::new(ErrorKind::InvalidData, error));
        }
        let mut piece = [0; 512];
        let count = stream.read(&mut piece)?;
        if count == 0 {
            return if received.is_empty() {
                Ok(None)
            } else {
                Err(ErrorKind::UnexpectedEof.into())
            };
        }
        received.extend_from_slice(&piece[..count]);
    }
}
