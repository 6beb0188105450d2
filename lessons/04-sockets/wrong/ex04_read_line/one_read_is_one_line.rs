//! Caught by: a_line_in_pieces_is_one_line
//!
//! The misconception: what one side writes in a call, the other side reads in a call.

use std::io::{self, Read};

pub const MAX_LINE: usize = 1024;

pub fn read_line(
    stream: &mut impl Read,
    _received: &mut Vec<u8>,
) -> io::Result<Option<String>> {
    let mut piece = [0; MAX_LINE];
    let count = stream.read(&mut piece)?;
    let text = String::from_utf8_lossy(&piece[..count]);
    Ok((count > 0).then(|| text.trim_end_matches('\n').to_owned()))
}
