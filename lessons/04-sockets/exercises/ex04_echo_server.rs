//! # An echo server that ends well
//!
//! The talk's server hears one client at a time, never answers, and forgets to close.
//! Write one that serves so many clients, all at the same time, each in a thread of its
//! own (chapter 1), and then returns.
//!
//! - What a client sends comes back to it, as soon as it comes.
//! - When a client has no more to say (its end is read), its connection is closed,
//!   whatever the others do.
//! - Who sends nothing for as long as `patience`, or does not take what is sent back, is
//!   closed: `TimedOut`. (The kernel of Linux calls that `WouldBlock`; give it the better
//!   name.)
//! - A client that fails is no reason to stop: the others are served as if nothing had
//!   happened.
//! - The result holds one entry a client, in the order in which they were accepted: how
//!   many bytes went back, or the error that ended it.
//!
//! Try it: `cargo test --test ex04_echo_server`

use std::io;
use std::net::TcpListener;
use std::time::Duration;

/// Serves so many clients and gives how each conversation ended.
///
/// # Errors
/// What `accept` gives. What goes wrong with one client is in the result.
pub fn serve(
    listener: &TcpListener,
    clients: usize,
    patience: Duration,
) -> io::Result<Vec<io::Result<u64>>> {
    let _ = (listener, clients, patience);
    todo!("exercise ex04_echo_server")
}
