//! Caught by: a_line_that_has_arrived_is_returned_without_reading
//!
//! One byte per read needs no search, so bytes that `received` already holds are never
//! looked at.

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
        if received.len() > MAX_LINE {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                "the line is too long",
            ));
        }
        let mut piece = [0];
        match stream.read(&mut piece) {
            Ok(0) if received.is_empty() => return Ok(None),
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(_) if piece[0] == b'\n' => {
                return String::from_utf8(std::mem::take(received))
                    .map(Some)
                    .map_err(|error| io::Error::new(ErrorKind::InvalidData, error));
            }
            Ok(_) => received.push(piece[0]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
