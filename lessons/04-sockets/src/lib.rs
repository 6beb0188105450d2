//! Sockets by hand: TCP carries a stream of bytes, and the stream does not say where a
//! message ends.
//!
//! The bytes of one write can arrive in several reads, and the bytes of several writes
//! can arrive in one. A real network does either at times that no test can choose, so
//! tests use two replacements: [`Pieces`] is a stream that cuts its bytes where a test
//! says, and [`Sips`] is one that accepts as few bytes per write as a test says.

pub mod by_hand;
pub mod counter;
pub mod descriptor;
pub mod frame;
pub mod mended;
mod pieces;
pub mod request;
pub mod round_trip;
pub mod signals;
#[cfg(target_os = "linux")]
pub mod silence;
mod sips;
pub mod talk;
// Solutions import from `sockets`, as a reader's answer does, so that either file can
// replace the other.
extern crate self as sockets;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;

pub use pieces::Pieces;
pub use sips::Sips;
