//! Caught by: a_line_is_bytes_and_not_text
//!
//! It converts each read to text, and a character that arrives in two reads is lost.

use std::io::{self, ErrorKind, Read, Write};

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
    /// The beginning of an incomplete line.
    partial: Vec<u8>,
    unsent: Vec<u8>,
    ended: bool,
}

impl Connection {
    /// Reads and writes as far as possible without waiting.
    ///
    /// # Errors
    /// Returns the errors of the stream, except `WouldBlock` and `Interrupted`.
    pub fn on_ready(&mut self, stream: &mut (impl Read + Write)) -> io::Result<Want> {
        let mut buffer = [0; 512];
        loop {
            if !self.unsent.is_empty() {
                match stream.write(&self.unsent) {
                    Ok(0) => return Err(ErrorKind::WriteZero.into()),
                    Ok(count) => drop(self.unsent.drain(..count)),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        return Ok(Want::Write);
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            } else if self.ended {
                return Ok(Want::Close);
            } else {
                match stream.read(&mut buffer) {
                    Ok(0) => self.ended = true,
                    Ok(count) => self.take_lines(&buffer[..count]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        return Ok(Want::Read);
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Moves whole lines to `unsent` and keeps the rest.
    fn take_lines(&mut self, read: &[u8]) {
        self.partial
            .extend_from_slice(String::from_utf8_lossy(read).as_bytes());
        if let Some(newline) = self.partial.iter().rposition(|byte| *byte == b'\n') {
            let rest = self.partial.split_off(newline + 1);
            self.unsent.append(&mut self.partial);
            self.partial = rest;
        }
    }
}
