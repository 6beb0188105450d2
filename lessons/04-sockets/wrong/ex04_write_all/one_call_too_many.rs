//! Caught by: one_write_that_accepts_everything_is_enough
//!
//! Off by one: after the last byte it calls `write` once more, to see the 0.

use std::io::{self, ErrorKind, Write};

/// Sends all of `bytes`.
pub fn send_all(stream: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    let nothing_to_send = bytes.is_empty();
    while !nothing_to_send {
        match stream.write(bytes) {
            Ok(0) if bytes.is_empty() => break,
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
