//! The close frame's body: a code for programs, a reason for people (RFC 6455 §5.5.1, §7.4).

use std::fmt;

use crate::error::ProtocolError;

/// Why a connection is closed (RFC 6455 §7.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// The purpose is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// The server goes down, or the page is left.
    pub const GOING_AWAY: Self = Self(1001);
    /// The peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// The peer sent a kind of data that this end does not take.
    pub const UNSUPPORTED: Self = Self(1003);
    /// The data does not fit its kind: text that is not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// The peer broke a rule that no other code names.
    pub const POLICY: Self = Self(1008);
    /// The message is too big.
    pub const TOO_BIG: Self = Self(1009);
    /// Something went wrong here.
    pub const INTERNAL: Self = Self(1011);

    /// Whether the code may stand in a close frame. 1005 and 1006 are for what was *not* sent, 1015 for TLS, and the
    /// rest below 3000 is not given out (§7.4.2).
    pub fn is_valid_on_wire(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The body of a close frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    /// For programs.
    pub code: CloseCode,
    /// For people. At most 123 bytes go on the wire.
    pub reason: String,
}

impl CloseFrame {
    /// Reads a close frame's body. `None` for an empty one, which is allowed.
    ///
    /// # Errors
    /// One byte, a code that must not be sent, a reason that is not UTF-8.
    pub fn decode(body: &[u8]) -> Result<Option<Self>, ProtocolError> {
        let [high, low, reason @ ..] = body else {
            return if body.is_empty() { Ok(None) } else { Err(ProtocolError::CloseBody) };
        };
        let code = CloseCode(u16::from_be_bytes([*high, *low]));
        if !code.is_valid_on_wire() {
            return Err(ProtocolError::InvalidCloseCode(code.0));
        }
        let reason = std::str::from_utf8(reason).map_err(|_| ProtocolError::Utf8)?.to_owned();
        Ok(Some(Self { code, reason }))
    }

    /// Writes the body. A reason too long for a control frame is cut at a character.
    pub fn encode(&self) -> Vec<u8> {
        let mut body = self.code.0.to_be_bytes().to_vec();
        body.extend_from_slice(&self.reason.as_bytes()[..self.reason.floor_char_boundary(123)]);
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_that_may_be_sent() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
            assert_eq!(
                CloseFrame::decode(&u16::to_be_bytes(code)),
                Err(ProtocolError::InvalidCloseCode(code)),
            );
        }
        for code in [1000, 1003, 1007, 1014, 3000, 4999] {
            assert!(CloseFrame::decode(&u16::to_be_bytes(code)).is_ok(), "{code}");
        }
    }

    #[test]
    fn bodies_that_are_none() {
        assert_eq!(CloseFrame::decode(&[]), Ok(None));
        assert_eq!(CloseFrame::decode(&[3]), Err(ProtocolError::CloseBody));
        assert_eq!(CloseFrame::decode(&[3, 0xe8, 0xff]), Err(ProtocolError::Utf8));
    }

    #[test]
    fn a_long_reason_is_cut_at_a_character() {
        let frame = CloseFrame { code: CloseCode::NORMAL, reason: "é".repeat(100) };
        let body = frame.encode();
        assert!(body.len() <= 125);
        assert_eq!(CloseFrame::decode(&body).unwrap().unwrap().reason, "é".repeat(61));
    }
}
