//! One stream of events, and seven transports that have carried such streams to browsers
//! over the last two decades.
//!
//! A browser sends requests and a server answers them: in HTTP a server cannot start a
//! conversation. Each transport here is a way around that. All of them read one [`Log`]
//! through a [`Hub`], so the only difference between them is how the bytes travel.
//! [`routes`] has a path for each [`Transport`], [`serve`] serves them on a socket, and
//! [`follow`] is the other side: a client that counts its requests and bytes.

mod chunked;
mod client;
mod flash;
mod hub;
mod iframe;
mod jsonp;
mod log;
mod long_polling;
mod multipart;
mod origin;
mod patient;
mod routes;
mod serve;
mod sse;
mod streaming;
mod transport;
mod upstream;
mod web_socket;
extern crate self as transports;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;

pub use chunked::{BadChunk, ChunkedDecoder, LAST_CHUNK, encode_chunk};
pub use client::{ClientError, Report, follow};
pub use flash::{POLICY_PORT, POLICY_REQUEST, policy, serve_policy};
pub use hub::{Endings, Hub, Limits, Reader};
pub use iframe::script;
pub use jsonp::{Callback, call};
pub use log::{Event, Log, Missed};
pub use multipart::{MultipartParser, part};
pub use origin::{from_another_site, is_same_origin};
pub use routes::{Refused, routes};
pub use serve::serve;
pub use sse::sse_event;
pub use transport::Transport;
