//! Caught by: a_dropped_read_loses_no_byte
//!
//! The beginning of a line is in a local variable, and is dropped with the future.

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
        let (mut line, mut buffer) = (std::mem::take(&mut self.held), [0; 512]);
        loop {
            if let Some(newline) = line.iter().position(|byte| *byte == b'\n') {
                self.held = line.split_off(newline + 1);
                line.pop();
                return Ok(Some(line));
            }
            match self.source.read(&mut buffer).await {
                Ok(0) => return Ok(None),
                Ok(count) => line.extend_from_slice(&buffer[..count]),
                Err(error) => {
                    self.held = line;
                    return Err(error);
                }
            }
        }
    }
}
