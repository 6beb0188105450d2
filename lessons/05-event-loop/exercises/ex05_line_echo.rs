//! # A connection on an edge-triggered loop
//!
//! The loop tells once that something has come, or that there is room to write again, and
//! not a second time. So whoever is told has to go on until the call itself says
//! `WouldBlock`. Write what the loop calls: one connection that sends back each line.
//!
//! - `on_ready` is called when the stream is readable or writable, it does not matter
//!   which. It reads, writes, and returns when it would have to wait.
//! - A whole line, with its `\n`, goes back as it came. What stands behind the last `\n`
//!   is kept until its rest comes.
//! - A write may take only some of the bytes. While anything is unsent, nothing is read:
//!   a client that does not take its answers is not asked for more.
//! - It returns what it waits for: `Want::Write` when bytes are unsent, `Want::Read`
//!   otherwise, and `Want::Close` when the client has no more to say and everything is
//!   sent. A line without an end is not answered.
//! - `Interrupted` is no reason to stop (chapter 4). Any other error is given to the
//!   caller. A write of 0 bytes is the error `WriteZero`.
//!
//! Try it: `cargo test --test ex05_line_echo`

use std::io::{self, Read, Write};

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// That something comes.
    Read,
    /// That there is room to write.
    Write,
    /// Nothing: it is over.
    Close,
}

/// One client, between two calls.
#[derive(Default)]
pub struct Connection {
    // Yours to fill: what has to be remembered from one call to the next?
}

impl Connection {
    /// Goes on as far as it can without waiting.
    ///
    /// # Errors
    /// Those of the stream, but for `WouldBlock` and `Interrupted`.
    pub fn on_ready(&mut self, stream: &mut (impl Read + Write)) -> io::Result<Want> {
        let _ = stream;
        todo!("exercise ex05_line_echo")
    }
}
