//! Caught by: the_limit_is_for_a_single_frame_too
//!
//! Text has no limit.

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

const PROTOCOL_ERROR: u16 = 1002;
const INVALID_PAYLOAD: u16 = 1007;
const TOO_BIG: u16 = 1009;

/// Puts messages together.
pub struct Messages {
    max_message: usize,
    /// The unfinished message: whether it is text, and its payload so far.
    message: Option<(bool, Vec<u8>)>,
}

impl Messages {
    /// Creates the state at the start of a connection.
    pub fn new(max_message: usize) -> Self {
        Self {
            max_message,
            message: None,
        }
    }

    /// Takes the next frame. Returns `None` while its message is incomplete.
    ///
    /// # Errors
    /// Returns the close code for the rule that the frame breaks.
    pub fn take(&mut self, frame: Frame) -> Result<Option<Event>, u16> {
        let Frame {
            fin,
            opcode,
            mut payload,
        } = frame;
        if matches!(opcode, 8..=10) {
            if !fin || payload.len() > 125 {
                return Err(PROTOCOL_ERROR);
            }
            return Ok(Some(Event::Control(opcode, payload)));
        }
        let (is_text, mut message) = match (opcode, self.message.take()) {
            (0, Some(unfinished)) => unfinished,
            (1 | 2, None) => (opcode == 1, Vec::new()),
            _ => return Err(PROTOCOL_ERROR),
        };
        if !is_text && message.len() + payload.len() > self.max_message {
            return Err(TOO_BIG);
        }
        message.append(&mut payload);
        if !fin {
            self.message = Some((is_text, message));
            return Ok(None);
        }
        if is_text {
            return String::from_utf8(message)
                .map(|text| Some(Event::Text(text)))
                .map_err(|_| INVALID_PAYLOAD);
        }
        Ok(Some(Event::Binary(message)))
    }
}
