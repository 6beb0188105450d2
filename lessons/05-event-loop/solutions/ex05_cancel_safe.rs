//! Everything that has been read and not yet returned is in `self.held`. The future's own
//! variables contain nothing that would be missed: at the one place where it can be
//! dropped, the `await`, the buffer is empty, because a read that waits has read nothing.
//!
//! Between that `await` and the line that puts the bytes into `self.held`, the future
//! cannot be dropped, so they cannot be lost.

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
                let mut line: Vec<u8> = self.held.drain(..=newline).collect();
                line.pop();
                return Ok(Some(line));
            }
            match self.source.read(&mut buffer).await? {
                0 => return Ok(None),
                count => self.held.extend_from_slice(&buffer[..count]),
            }
        }
    }
}
