//! Caught by: any_other_error_is_returned
//!
//! The misconception: an error goes away if you try again.

use std::io::{self, ErrorKind, Read};

/// The longest line that is accepted, in bytes, without its `\n`.
pub const MAX_LINE: usize = 1024;

/// Returns the next line of `stream`, or `None` if the stream has ended. `received` holds
/// the bytes that have arrived and have not been returned yet.
pub fn read_line(
    stream: &mut impl Read,
    received: &mut Vec<u8>,
) -> io::Result<Option<String>> {
    loop {
        let end = received.iter().position(|&byte| byte == b'\n');
        if end.unwrap_or(received.len()) > MAX_LINE {
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
        match stream.read(&mut piece) {
            Ok(0) if received.is_empty() => return Ok(None),
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => received.extend_from_slice(&piece[..count]),
            Err(_) => {}
        }
    }
}
