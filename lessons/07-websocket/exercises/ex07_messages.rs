//! # From frames to messages
//!
//! Put messages together from frames that arrive one at a time.
//!
//! - A message is one text or binary frame with FIN. Or it is a text or binary frame
//!   without FIN, followed by continuation frames, of which the last has FIN.
//! - Control frames (close, ping, pong) can arrive between the fragments of a message.
//!   `take` returns them at once, and they change nothing about the message.
//!
//! A frame that breaks a rule is an error: the close code for the peer. If a frame breaks
//! several rules, the first in this list counts:
//!
//! - 1002 for an opcode other than 0, 1, 2, 8, 9 and 10; for a control frame without FIN
//!   or with more than 125 bytes; for a continuation frame when no message is unfinished;
//!   for a text or binary frame when one is, even if it is still empty;
//! - 1009 for a message of more than `max_message` bytes, all its fragments together, as
//!   soon as a frame exceeds the limit. Control frames do not count;
//! - 1007 for a text message that is not UTF-8, checked when the message is complete.
//!
//! After an error the connection is over, and `take` is not called again.
//!
//! Try it: `cargo test --test ex07_messages`

/// A frame, already unmasked.
#[derive(Clone, Debug)]
pub struct Frame {
    /// FIN: whether this is the last frame of its message.
    pub fin: bool,
    /// 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong.
    pub opcode: u8,
    /// The bytes that the frame carries.
    pub payload: Vec<u8>,
}

/// What a frame completes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A control frame: its opcode and its payload.
    Control(u8, Vec<u8>),
}

/// Puts messages together.
pub struct Messages {
    max_message: usize,
    // Yours: what has to be remembered between two frames?
}

impl Messages {
    /// Creates the state at the start of a connection.
    pub fn new(max_message: usize) -> Self {
        Self { max_message }
    }

    /// Takes the next frame. Returns `None` while its message is incomplete.
    ///
    /// # Errors
    /// Returns the close code for the rule that the frame breaks.
    pub fn take(&mut self, frame: Frame) -> Result<Option<Event>, u16> {
        todo!(
            "exercise ex07_messages: {} bytes at most, and now {frame:?}",
            self.max_message
        )
    }
}
