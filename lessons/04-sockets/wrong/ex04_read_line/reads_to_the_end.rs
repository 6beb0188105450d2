//! Caught by: a_line_is_given_while_the_connection_stays_open
//!
//! Works with a file. A connection ends only when the peer hangs up.

use std::io::{self, Read};

pub const MAX_LINE: usize = 1024;

pub fn read_line(
    stream: &mut impl Read,
    received: &mut Vec<u8>,
) -> io::Result<Option<String>> {
    stream.read_to_end(received)?;
    let Some(end) = received.iter().position(|&byte| byte == b'\n') else {
        return Ok(None);
    };
    let line = received.drain(..=end).take(end).collect();
    String::from_utf8(line).map(Some).map_err(io::Error::other)
}
