//! What a peer can get wrong, and the close code that tells it so.

use thiserror::Error;

use crate::close::CloseCode;

/// A rule of RFC 6455 that the peer broke. The connection must be failed with [`close_code`](Self::close_code)
/// (§7.1.7).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ProtocolError {
    /// §5.2: RSV1 to RSV3 are for extensions, and none was agreed on.
    #[error("a reserved bit is set")]
    ReservedBit,
    /// §5.2: opcodes 3 to 7 and 11 to 15.
    #[error("reserved opcode {0}")]
    ReservedOpCode(u8),
    /// §5.2: the shortest form must be used, and the top bit of the longest is zero.
    #[error("a length that is not in its shortest form")]
    Length,
    /// §5.1: a client masks every frame.
    #[error("a client's frame is not masked")]
    NotMasked,
    /// §5.1: a server masks none.
    #[error("a server's frame is masked")]
    Masked,
    /// §5.5: control frames are not fragmented.
    #[error("a control frame in fragments")]
    FragmentedControl,
    /// §5.5: control frames carry at most 125 bytes.
    #[error("a control frame of more than 125 bytes")]
    LongControl,
    /// §5.4: a continuation continues something.
    #[error("a continuation of nothing")]
    UnexpectedContinuation,
    /// §5.4: a message is finished before the next begins.
    #[error("a new message inside a fragmented one")]
    ExpectedContinuation,
    /// §8.1: text and close reasons are UTF-8.
    #[error("text that is not UTF-8")]
    Utf8,
    /// §5.5.1: a close body is empty or begins with two bytes of code.
    #[error("a close body of one byte")]
    CloseBody,
    /// §7.4: a code that must not be sent.
    #[error("close code {0} must not be sent")]
    InvalidCloseCode(u16),
    /// §10.4: larger than this end takes.
    #[error("a message larger than the limit")]
    TooBig,
    /// §10.4: in more fragments than this end takes.
    #[error("a message in too many fragments")]
    TooManyFragments,
}

impl ProtocolError {
    /// What to close the connection with (§7.4.1).
    pub fn close_code(&self) -> CloseCode {
        match self {
            Self::Utf8 => CloseCode::INVALID_PAYLOAD,
            Self::TooBig | Self::TooManyFragments => CloseCode::TOO_BIG,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}
