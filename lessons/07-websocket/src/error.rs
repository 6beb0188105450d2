//! The rules that a peer can break, one variant each.

use thiserror::Error;

use crate::CloseCode;

/// A rule of RFC 6455, or one of our limits, that the peer broke. The connection cannot
/// continue: answer with a close frame of [`close_code`](Self::close_code) and end it
/// (§7.1.7, "Fail the WebSocket Connection").
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ProtocolError {
    /// §5.2: RSV1 to RSV3 are zero unless an extension was agreed on. Compression uses
    /// RSV1, and only in the first frame of a data message (RFC 7692 §6).
    #[error("reserved bits are set")]
    ReservedBits,
    /// §5.2: opcodes 3 to 7 and 11 to 15 have no meaning yet.
    #[error("reserved opcode {0}")]
    ReservedOpCode(u8),
    /// §5.2: a length is written in the shortest form that holds it.
    #[error("a payload length that is not in its shortest form")]
    LengthNotMinimal,
    /// §5.2: the most significant bit of a 64-bit length is zero.
    #[error("a 64-bit payload length with its top bit set")]
    LengthTopBit,
    /// §5.5: control frames are not fragmented.
    #[error("a fragmented control frame")]
    ControlFragmented,
    /// §5.5: a control frame carries 125 bytes at most.
    #[error("a control frame of more than 125 bytes")]
    ControlTooLong,
    /// §5.1: a client masks every frame.
    #[error("a client's frame is not masked")]
    NotMasked,
    /// §5.1: a server does not mask its frames.
    #[error("a server's frame is masked")]
    Masked,
    /// §5.4: a continuation frame continues a message.
    #[error("a continuation frame, but no message to continue")]
    NothingToContinue,
    /// §5.4: the fragments of two messages are not mixed.
    #[error("a new message in the middle of a fragmented one")]
    MessageUnfinished,
    /// §8.1: text is UTF-8, and so is the reason of a close frame (§5.5.1).
    #[error("text that is not UTF-8")]
    InvalidUtf8,
    /// §5.5.1: the body of a close frame is empty, or starts with a code of two bytes.
    #[error("a close frame with one byte of a two-byte code")]
    CloseTooShort,
    /// §7.4: some numbers must not be sent as a close code.
    #[error("close code {0} must not be sent")]
    CloseCode(u16),
    /// RFC 7692 §7.2.2: a compressed message is valid DEFLATE.
    #[error("a compressed message that cannot be inflated")]
    Deflate,
    /// §10.4: more bytes than [`Limits::max_message`](crate::Limits::max_message), all
    /// fragments counted.
    #[error("a message of more than {0} bytes")]
    MessageTooBig(usize),
    /// §10.4: more frames than [`Limits::max_fragments`](crate::Limits::max_fragments).
    #[error("a message in more than {0} fragments")]
    TooManyFragments(usize),
}

impl ProtocolError {
    /// Returns the close code for the peer (§7.4.1): 1007 for bad text or bad
    /// compression, 1009 for a limit, 1002 for the rest.
    ///
    /// ```
    /// use websocket::{CloseCode, ProtocolError};
    /// assert_eq!(ProtocolError::InvalidUtf8.close_code(), CloseCode::INVALID_PAYLOAD);
    /// ```
    pub fn close_code(&self) -> CloseCode {
        match self {
            Self::InvalidUtf8 | Self::Deflate => CloseCode::INVALID_PAYLOAD,
            Self::MessageTooBig(_) | Self::TooManyFragments(_) => CloseCode::TOO_BIG,
            Self::ReservedBits
            | Self::ReservedOpCode(_)
            | Self::LengthNotMinimal
            | Self::LengthTopBit
            | Self::ControlFragmented
            | Self::ControlTooLong
            | Self::NotMasked
            | Self::Masked
            | Self::NothingToContinue
            | Self::MessageUnfinished
            | Self::CloseTooShort
            | Self::CloseCode(_) => CloseCode::PROTOCOL_ERROR,
        }
    }
}
