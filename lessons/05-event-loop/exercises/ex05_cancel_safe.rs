//! # Lines that survive cancellation
//!
//! A server waits for the next line or for a timeout, whichever comes first. If the
//! timeout wins, `select` drops the future that was reading, perhaps in the middle of a
//! line. Write `next_line` so that nothing is lost by that: *cancel-safe*.
//!
//! - `next_line` waits for the next line and returns its bytes without the `\n`. A line is
//!   bytes, not text: pass them on as they arrived.
//! - It returns `None` at the end of file. Bytes after the last `\n` are not a line, and
//!   are dropped then.
//! - One read can return several lines, or part of one. While a whole line is held, it is
//!   returned without another read.
//! - The future of `next_line` can be dropped wherever it waits, any number of times. The
//!   next call continues the same line: no byte is lost, and none is repeated.
//! - Errors of the source are returned.
//!
//! `read` of the source is cancel-safe itself: a read that is dropped has read nothing.
//! As in `ex05_line_echo`, lines have no limit here.
//!
//! Try it: `cargo test --test ex05_cancel_safe`

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
    // Yours to fill: what has to survive when the future is dropped?
}

impl<S: Source> Lines<S> {
    /// Reads the lines of `source`.
    pub fn new(source: S) -> Self {
        Self { source }
    }

    /// Returns the next line without its `\n`, or `None` at the end of file.
    ///
    /// # Errors
    /// Returns the errors of the source.
    pub async fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        std::future::ready(&mut self.source).await; // delete this line
        todo!("exercise ex05_cancel_safe")
    }
}
