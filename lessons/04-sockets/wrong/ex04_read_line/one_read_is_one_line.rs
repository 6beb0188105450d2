//! Caught by: a_line_in_pieces_is_one_line
//!
//! The misconception: each read returns the bytes of one write.

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
        let mut piece = [0; 512];
        match stream.read(&mut piece) {
            Ok(0) if received.is_empty() => return Ok(None),
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                return String::from_utf8(piece[..count].to_vec())
                    .map(|line| Some(line.trim_end_matches('\n').to_owned()))
                    .map_err(|error| io::Error::new(ErrorKind::InvalidData, error));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
