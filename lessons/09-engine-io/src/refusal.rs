//! The protocol's refusals: a status, usually 400, and a JSON body with a number that
//! clients know.

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
    /// Code 3 with status 431: the headers have more bytes than a session keeps.
    #[error("Request headers too large")]
    TooLarge,
}

impl Refusal {
    /// The number in the body.
    pub fn code(self) -> u8 {
        match self {
            Refusal::UnknownTransport => 0,
            Refusal::UnknownSession => 1,
            Refusal::BadHandshakeMethod => 2,
            Refusal::BadRequest | Refusal::TooLarge => 3,
            Refusal::Forbidden => 4,
            Refusal::UnsupportedVersion => 5,
        }
    }

    /// The status of the response: 403 for [`Forbidden`](Refusal::Forbidden), 431 for
    /// [`TooLarge`](Refusal::TooLarge), otherwise 400.
    pub fn status(self) -> StatusCode {
        match self {
            Refusal::Forbidden => StatusCode::FORBIDDEN,
            Refusal::TooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
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
