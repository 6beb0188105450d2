//! # A connection on an edge-triggered loop
//!
//! An edge-triggered loop reports once that bytes have arrived or that there is room to
//! write again, and does not repeat it. So the callback has to keep going until the call
//! itself returns `WouldBlock`. Write the part that the loop calls: one connection that
//! sends each line back.
//!
//! - The loop calls `on_ready` when the stream is readable or writable, and does not say
//!   which. `on_ready` reads and writes, and returns when it would have to wait.
//! - Every whole line is sent back, with its `\n`, byte for byte as it arrived. One read
//!   can return several lines, or part of one. Bytes after the last `\n` are kept until
//!   the rest of their line arrives.
//! - A write can accept only some of the bytes. While anything is unsent, nothing is read:
//!   a client that does not read its answers cannot make us collect them.
//! - It returns what it is waiting for: `Want::Write` while bytes are unsent, otherwise
//!   `Want::Read`; and `Want::Close` once the client has closed its side and everything is
//!   sent. A last line without `\n` is not sent back.
//! - `Interrupted` is not a reason to stop (chapter 4). Any other error is returned to the
//!   caller. A write that accepts 0 bytes is the error `WriteZero`.
//!
//! There is no limit on the length of a line here, to keep to one idea. A real server
//! needs one: the lesson's own `whole_lines` has it.
//!
//! Try it: `cargo test --test ex05_line_echo`

use std::io::{self, Read, Write};

/// The event that a connection is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Bytes to read.
    Read,
    /// Room to write.
    Write,
    /// Nothing: the conversation is over.
    Close,
}

/// One client, between two calls.
#[derive(Default)]
pub struct Connection {
    // Yours to fill: what has to be remembered from one call to the next?
}

impl Connection {
    /// Reads and writes as far as possible without waiting.
    ///
    /// # Errors
    /// Returns the errors of the stream, except `WouldBlock` and `Interrupted`.
    pub fn on_ready(&mut self, stream: &mut (impl Read + Write)) -> io::Result<Want> {
        let _ = stream; // delete this line
        todo!("exercise ex05_line_echo")
    }
}
