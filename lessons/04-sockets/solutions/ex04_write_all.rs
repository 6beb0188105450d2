//! What is left is a slice, and each `write` makes it shorter.
//!
//! `Interrupted` is no failure: the call had not begun its work. 0 bytes is one, else the
//! loop would ask for ever.

use std::io::{self, ErrorKind, Write};

/// Sends all of `bytes`.
///
/// # Errors
/// `WriteZero` when the stream takes no more, and what `stream` gives other than
/// `Interrupted`.
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
