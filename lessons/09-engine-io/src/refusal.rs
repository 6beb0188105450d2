//! The protocol's refusals: a status, usually 400, and a JSON body with a number that
//! clients know.

use std::borrow::Cow;

use http::StatusCode;
use thiserror::Error;

/// Why a request is refused (Engine.IO protocol 4 leaves the codes to the reference
/// server; these are its).
///
/// ```
/// use engine_io::Refusal;
///
/// assert_eq!((Refusal::UnknownSession.code(), Refusal::Full.status().as_u16()), (1, 503));
/// ```
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
    /// Code 4: a page of an origin that is not allowed, or a request that
    /// [`Hooks::allow_request`](crate::Hooks::allow_request) has refused.
    #[error("Forbidden")]
    Forbidden,
    /// Code 5: `EIO` is not 4.
    #[error("Unsupported protocol version")]
    UnsupportedVersion,
    /// Code 3 with status 431: the headers have more bytes than a session keeps.
    #[error("Request headers too large")]
    TooLarge,
    /// Code 3 with status 503: the server has
    /// [as many sessions](crate::Config::max_sessions) as it takes, or is going down.
    #[error("the server takes no more sessions")]
    Full,
    /// Code 3 with status 429: the client's address has
    /// [as many sessions](crate::Config::max_sessions_per_address) as it may have.
    #[error("this address has as many sessions as it may have")]
    AddressFull,
    /// Code 3 with status 500: the application has panicked over this request.
    #[error("internal error")]
    Internal,
}

impl Refusal {
    /// The number in the body.
    pub fn code(self) -> u8 {
        match self {
            Refusal::UnknownTransport => 0,
            Refusal::UnknownSession => 1,
            Refusal::BadHandshakeMethod => 2,
            Refusal::BadRequest
            | Refusal::TooLarge
            | Refusal::Full
            | Refusal::AddressFull
            | Refusal::Internal => 3,
            Refusal::Forbidden => 4,
            Refusal::UnsupportedVersion => 5,
        }
    }

    /// The status of the response: 400, unless the variant names another one;
    /// 403 for [`Forbidden`](Refusal::Forbidden).
    pub fn status(self) -> StatusCode {
        match self {
            Refusal::Forbidden => StatusCode::FORBIDDEN,
            Refusal::TooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Refusal::Full => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::AddressFull => StatusCode::TOO_MANY_REQUESTS,
            Refusal::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The body.
    ///
    /// ```
    /// assert_eq!(engine_io::Refusal::UnknownTransport.body(), r#"{"code":0,"message":"Transport unknown"}"#);
    /// ```
    pub fn body(self) -> String {
        Refused::from(self).body()
    }
}

/// A refusal, perhaps with a message from the application.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) refusal: Refusal,
    message: Option<Cow<'static, str>>,
}

impl Refused {
    pub(crate) fn with(refusal: Refusal, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            refusal,
            message: Some(message.into()),
        }
    }

    pub(crate) fn message(&self) -> Cow<'static, str> {
        let own = || self.refusal.to_string().into();
        self.message.clone().unwrap_or_else(own)
    }

    pub(crate) fn body(&self) -> String {
        let (code, message) = (self.refusal.code(), self.message());
        format!(
            r#"{{"code":{code},"message":{}}}"#,
            serde_json::Value::from(message)
        )
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            message: None,
        }
    }
}
