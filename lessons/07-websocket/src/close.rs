//! The body of a close frame: why a connection ends.

use std::fmt;

use crate::{MAX_CONTROL_PAYLOAD, ProtocolError};

/// A status code (RFC 6455 §7.4). A number rather than an enum: 3000 to 4999 belong to
/// applications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// The purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// The server shuts down, or the reader left the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// The peer broke a rule of the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// A type of data that this endpoint does not take, such as binary where it wants
    /// text.
    pub const UNSUPPORTED: Self = Self(1003);
    /// Data that contradicts its type, such as text that is not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// The message is against a policy of this endpoint; for when nothing else fits.
    pub const POLICY: Self = Self(1008);
    /// The message is too big.
    pub const TOO_BIG: Self = Self(1009);
    /// The server met something that it did not expect.
    pub const INTERNAL: Self = Self(1011);

    /// Returns whether a close frame is allowed to carry this code (§7.4.2, and the
    /// registry of §11.7, which has since added 1012 to 1014). 1005, 1006 and 1015 exist
    /// only to tell an application what did *not* arrive.
    ///
    /// ```
    /// use websocket::CloseCode;
    /// assert!(CloseCode::NORMAL.is_valid_on_wire());
    /// assert!(!CloseCode(1005).is_valid_on_wire());
    /// ```
    pub const fn is_valid_on_wire(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The body of a close frame (RFC 6455 §5.5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    /// The reason, for programs.
    pub code: CloseCode,
    /// The reason, for people; often empty.
    pub reason: String,
}

impl CloseFrame {
    /// Reads the payload of a close frame. Returns `None` if it is empty.
    ///
    /// # Errors
    /// [`CloseTooShort`](ProtocolError::CloseTooShort) for one byte,
    /// [`CloseCode`](ProtocolError::CloseCode) for a code that must not be sent,
    /// [`InvalidUtf8`](ProtocolError::InvalidUtf8) for the reason.
    ///
    /// ```
    /// use websocket::{CloseCode, CloseFrame};
    /// let frame = CloseFrame { code: CloseCode::NORMAL, reason: "bye".into() };
    /// assert_eq!(CloseFrame::decode(b"\x03\xe8bye"), Ok(Some(frame)));
    /// assert_eq!(CloseFrame::decode(b""), Ok(None));
    /// ```
    pub fn decode(payload: &[u8]) -> Result<Option<Self>, ProtocolError> {
        if payload.is_empty() {
            return Ok(None);
        }
        let (code, reason) = payload
            .split_first_chunk()
            .ok_or(ProtocolError::CloseTooShort)?;
        let code = CloseCode(u16::from_be_bytes(*code));
        if !code.is_valid_on_wire() {
            return Err(ProtocolError::CloseCode(code.0));
        }
        let reason = str::from_utf8(reason).map_err(|_| ProtocolError::InvalidUtf8)?;
        Ok(Some(Self {
            code,
            reason: reason.to_owned(),
        }))
    }

    /// Returns the payload of the close frame. A reason too long for a control frame (123
    /// bytes) is cut after the last character that fits.
    ///
    /// ```
    /// use websocket::{CloseCode, CloseFrame};
    /// let frame = CloseFrame { code: CloseCode::NORMAL, reason: "bye".into() };
    /// assert_eq!(frame.encode(), b"\x03\xe8bye");
    /// ```
    pub fn encode(&self) -> Vec<u8> {
        let code = self.code.0.to_be_bytes();
        let end = self
            .reason
            .floor_char_boundary(MAX_CONTROL_PAYLOAD - code.len());
        [&code, &self.reason.as_bytes()[..end]].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::{CloseCode, CloseFrame};
    use crate::ProtocolError;

    #[test]
    fn codes_that_may_be_sent() {
        for code in [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 4999] {
            assert!(CloseCode(code).is_valid_on_wire(), "{code}");
            assert!(CloseFrame::decode(&code.to_be_bytes()).is_ok(), "{code}");
        }
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
            assert!(!CloseCode(code).is_valid_on_wire(), "{code}");
            assert_eq!(
                CloseFrame::decode(&code.to_be_bytes()),
                Err(ProtocolError::CloseCode(code))
            );
        }
    }

    #[test]
    fn half_a_code() {
        assert_eq!(CloseFrame::decode(&[3]), Err(ProtocolError::CloseTooShort));
    }

    #[test]
    fn a_reason_is_text() {
        assert_eq!(
            CloseFrame::decode(b"\x03\xe8\xff"),
            Err(ProtocolError::InvalidUtf8)
        );
        let cut_off = &b"\x03\xe8\xc3\xa4"[..3];
        assert_eq!(CloseFrame::decode(cut_off), Err(ProtocolError::InvalidUtf8));
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let frame = |reason| CloseFrame {
            code: CloseCode::NORMAL,
            reason,
        };
        assert_eq!(frame("x".repeat(123)).encode().len(), 125);
        assert_eq!(frame("x".repeat(124)).encode().len(), 125);
        let cut = CloseFrame::decode(&frame("ä".repeat(62)).encode());
        assert_eq!(cut, Ok(Some(frame("ä".repeat(61)))));
    }
}
