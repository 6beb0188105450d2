//! Caught by: only_write_is_called
//!
//! A `BufWriter` calls `write` in a loop, but only because `flush` asks it to.

use std::io::{self, BufWriter, Write};

/// Sends all of `bytes`.
pub fn send_all(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let mut stream = BufWriter::new(stream);
    stream.write_all(bytes)?;
    stream.flush()
}
