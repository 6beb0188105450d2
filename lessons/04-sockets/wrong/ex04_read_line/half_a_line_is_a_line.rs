//! Caught by: the_end_in_a_line_is_an_error
//!
//! Who sent it may have meant to send more: half an order is no order.

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
        let count = stream.read(&mut piece)?;
        if count == 0 {
            return Ok((!received.is_empty()).then(|| {
                String::from_utf8_lossy(&std::mem::take(received)).into_owned()
            }));
        }
        received.extend_from_slice(&piece[..count]);
    }
}
