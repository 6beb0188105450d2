//! Engine.IO 3 with Socket.IO protocol 4: the language of Socket.IO 1 and 2.

mod http;
mod machine;
mod payload;

pub(crate) use http::serve;
pub use machine::{Open, Session};
pub use payload::{BadPayload, decode_binary, decode_text, encode_binary, encode_text};
pub(crate) use payload::{from_text, to_base64};
