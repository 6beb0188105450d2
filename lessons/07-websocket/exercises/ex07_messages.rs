//! # From frames to messages
//!
//! Frames come one by one; put the messages together. A message is one frame with FIN, or
//! a first frame without it and continuation frames (opcode 0), the last of them with
//! FIN. Pings, pongs and close frames may come between the fragments of a message and are
//! given at once.
//!
//! What breaks a rule is an error, the close code that the peer gets:
//! - 1002 for a continuation of nothing, a new message inside an unfinished one, an
//!   opcode that is none of 0, 1, 2, 8, 9 and 10, and a control frame that is in
//!   fragments or has more than 125 bytes;
//! - 1007 for a text message that is not UTF-8, when it is whole;
//! - 1009 for a message of more than `max_message` bytes, all fragments together, as soon
//!   as it has so many.
//!
//! Try it: `cargo test --test ex07_messages`

/// A frame, unmasked.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The last of its message.
    pub fin: bool,
    /// 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong.
    pub opcode: u8,
    /// What it carries.
    pub payload: Vec<u8>,
}

/// What a frame completed.
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
    /// At the start of a connection.
    pub fn new(max_message: usize) -> Self {
        Self { max_message }
    }

    /// Takes the next frame. `None` means that its message is not whole yet.
    ///
    /// # Errors
    /// The close code for the rule that the frame breaks.
    pub fn take(&mut self, frame: Frame) -> Result<Option<Event>, u16> {
        todo!(
            "exercise ex07_messages: {} bytes at most, and now {frame:?}",
            self.max_message
        )
    }
}
