//! The bytes left to send are a slice, and each `write` makes it shorter.
//!
//! `Interrupted` is not a failure, because nothing has been sent yet. A count of 0 has to
//! be one, because otherwise the loop would call `write` forever.

use std::io::{self, ErrorKind, Write};

/// Sends all of `bytes`.
///
/// # Errors
/// Returns `WriteZero` if the stream accepts no more, and any error of `stream` other
/// than `Interrupted`.
pub fn send_all(stream: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
