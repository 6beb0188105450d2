//! Caught by: a_write_may_take_less
//!
//! What was taken is sent again.

use std::io::{self, ErrorKind, Read, Write};

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
    /// The beginning of a line.
    partial: Vec<u8>,
    unsent: Vec<u8>,
    ended: bool,
}

impl Connection {
    /// Goes on as far as it can without waiting.
    ///
    /// # Errors
    /// Those of the stream, but for `WouldBlock` and `Interrupted`.
    pub fn on_ready(&mut self, stream: &mut (impl Read + Write)) -> io::Result<Want> {
        let mut buffer = [0; 512];
        loop {
            if !self.unsent.is_empty() {
                match stream.write(&self.unsent) {
                    Ok(0) => return Err(ErrorKind::WriteZero.into()),
                    Ok(count) if count == self.unsent.len() => self.unsent.clear(),
                    Ok(_) => {}
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

    /// Whole lines are to be sent, the rest is kept.
    fn take_lines(&mut self, read: &[u8]) {
        self.partial.extend_from_slice(read);
        if let Some(newline) = self.partial.iter().rposition(|byte| *byte == b'\n') {
            let rest = self.partial.split_off(newline + 1);
            self.unsent.append(&mut self.partial);
            self.partial = rest;
        }
    }
}
