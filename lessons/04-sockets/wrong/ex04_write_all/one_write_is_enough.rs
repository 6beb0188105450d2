//! Caught by: a_short_write_is_followed_by_the_rest
//!
//! The talk's client: it ignores the count and assumes that everything was sent.

use std::io::{self, Write};

/// Sends all of `bytes`.
pub fn send_all(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let _ = stream.write(bytes)?;
    Ok(())
}
