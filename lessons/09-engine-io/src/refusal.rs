//! The protocol's refusals: status 400 (403 for `Forbidden`) and a JSON body with a
//! number that clients know.

use http::StatusCode;
use thiserror::Error;

/// Why a request is refused (Engine.IO protocol 4 leaves the codes to the reference
/// server; these are its).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// Code 0: the `transport` parameter is missing, unknown or not offered.
    #[error("Transport unknown")]
    UnknownTransport,
    /// Code 1: no such session. A malformed id is an unknown one.
    #[error("Session ID unknown")]
    UnknownSession,
    /// Code 2: a session opens with GET.
    #[error("Bad handshake method")]
    BadHandshakeMethod,
    /// Code 3: this request does not fit the session, or the protocol.
    #[error("Bad request")]
    BadRequest,
    /// Code 4: a page of an origin that is not allowed.
    #[error("Forbidden")]
    Forbidden,
    /// Code 5: `EIO` is not 4.
    #[error("Unsupported protocol version")]
    UnsupportedVersion,
}

impl Refusal {
    /// The number in the body.
    pub fn code(self) -> u8 {
        match self {
            Refusal::UnknownTransport => 0,
            Refusal::UnknownSession => 1,
            Refusal::BadHandshakeMethod => 2,
            Refusal::BadRequest => 3,
            Refusal::Forbidden => 4,
            Refusal::UnsupportedVersion => 5,
        }
    }

    /// 403 for [`Forbidden`](Refusal::Forbidden), else 400.
    pub fn status(self) -> StatusCode {
        if self == Refusal::Forbidden {
            StatusCode::FORBIDDEN
        } else {
            StatusCode::BAD_REQUEST
        }
    }

    /// The body.
    ///
    /// ```
    /// assert_eq!(engine_io::Refusal::UnknownTransport.body(), r#"{"code":0,"message":"Transport unknown"}"#);
    /// ```
    pub fn body(self) -> String {
        format!(r#"{{"code":{},"message":"{self}"}}"#, self.code())
    }
}
