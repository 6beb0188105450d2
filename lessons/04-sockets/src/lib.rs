//! Sockets by hand: TCP carries a run of bytes, and says nothing about where a message
//! ends.
//!
//! What one side writes in one call may reach the other in many reads, and what it writes
//! in many calls may come in one. That happens when it likes, so it cannot be tested with
//! a real network alone: [`Pieces`] is a stream that cuts where a test says, and [`Sips`]
//! one that takes only as much as a test says.

pub mod by_hand;
pub mod counter;
pub mod descriptor;
pub mod frame;
pub mod mended;
mod pieces;
pub mod request;
pub mod round_trip;
pub mod signals;
mod sips;
pub mod talk;
// A solution says `sockets::` as an answer does, so that the one can be put in the place
// of the other.
extern crate self as sockets;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;

pub use pieces::Pieces;
pub use sips::Sips;
