//! Caught by: a_line_is_returned_without_its_newline
//!
//! The `\n` is returned with the line.

use std::io;

/// A stream of bytes. The lesson's `Stream` could implement it.
pub trait Source {
    /// Reads the bytes that have arrived, at least one, or returns 0 at the end of file.
    /// A future that is dropped has read nothing.
    fn read(&mut self, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>>;
}

/// The lines of a source.
pub struct Lines<S> {
    source: S,
    /// Bytes that have been read and not returned.
    held: Vec<u8>,
}

impl<S: Source> Lines<S> {
    /// Reads the lines of `source`.
    pub fn new(source: S) -> Self {
        let held = Vec::new();
        Self { source, held }
    }

    /// Returns the next line without its `\n`, or `None` at the end of file.
    ///
    /// # Errors
    /// Returns the errors of the source.
    pub async fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut buffer = [0; 512];
        loop {
            if let Some(newline) = self.held.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.held.drain(..=newline).collect();
                return Ok(Some(line));
            }
            match self.source.read(&mut buffer).await? {
                0 => return Ok(None),
                count => self.held.extend_from_slice(&buffer[..count]),
            }
        }
    }
}
