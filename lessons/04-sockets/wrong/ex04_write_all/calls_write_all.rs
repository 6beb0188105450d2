//! Caught by: only_write_is_called
//!
//! The standard library has the function. The exercise is to build it.

use std::io::{self, Write};

/// Sends all of `bytes`.
pub fn send_all(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)
}
