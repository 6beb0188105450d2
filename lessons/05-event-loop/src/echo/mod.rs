//! One protocol, served in five ways: each line that a client sends is sent back to it.
//! Every server runs until its process exits, so the program around them can be the same.

mod coroutines;
mod futures;
mod reactor;
mod threads;
mod tokio;

use std::borrow::Cow;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};

pub use coroutines::serve as with_may;
pub use futures::{echo, serve as with_own_executor};
pub use reactor::{Connection, serve as with_reactor};
pub use threads::serve as with_threads;
pub use tokio::serve as with_tokio;

/// The size of a server's read buffer, in bytes.
pub const BUFFER: usize = 4096;

/// The longest incomplete line that a server keeps, in bytes. A server disconnects a
/// client that sends more than this without a `\n`.
pub const MOST_KEPT: usize = 4096;

// ANCHOR: whole_lines
/// Returns the lines that `read` completes, to be sent back in one write, and keeps the
/// bytes after the last `\n` in `partial` for the next call.
///
/// # Errors
/// Returns `InvalidData` if more than [`MOST_KEPT`] bytes of a line have arrived without
/// its `\n`.
pub fn whole_lines<'a>(
    partial: &mut Vec<u8>,
    read: &'a [u8],
) -> io::Result<Cow<'a, [u8]>> {
    let end = read
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1);
    let (lines, rest) = read.split_at(end);
    let lines = if partial.is_empty() || lines.is_empty() {
        Cow::Borrowed(lines)
    } else {
        let mut whole = std::mem::take(partial);
        whole.extend_from_slice(lines);
        Cow::Owned(whole)
    };
    partial.extend_from_slice(rest);
    if partial.len() > MOST_KEPT {
        return Err(io::Error::new(
            ErrorKind::InvalidData,
            format!("a line is longer than {MOST_KEPT} bytes"),
        ));
    }
    Ok(lines)
}
// ANCHOR_END: whole_lines

/// A way to write the server in Rust. The talk's own way is in `python/echo.py`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A thread for each connection.
    Threads,
    /// Callbacks on our own loop.
    Reactor,
    /// An `async fn` for each connection, on our own executor and loop.
    Futures,
    /// A `may` coroutine for each connection.
    May,
    /// A tokio task for each connection.
    Tokio,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Threads,
        Self::Reactor,
        Self::Futures,
        Self::May,
        Self::Tokio,
    ];

    /// Returns the name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Threads => "threads",
            Self::Reactor => "reactor",
            Self::Futures => "futures",
            Self::May => "may",
            Self::Tokio => "tokio",
        }
    }

    /// Binds `address`, passes the bound address to `listening`, and serves until the
    /// process exits. Every way except [`Way::Threads`] uses one thread.
    ///
    /// # Errors
    /// Returns the listener's errors. An error on one connection closes only that
    /// connection.
    pub fn serve(
        self,
        address: SocketAddr,
        listening: impl FnOnce(SocketAddr),
    ) -> io::Result<()> {
        let serve = match self {
            // `may` has its own listener type and cannot adopt std's.
            Self::May => return with_may(address, listening),
            Self::Threads => with_threads,
            Self::Reactor => with_reactor,
            Self::Futures => with_own_executor,
            Self::Tokio => with_tokio,
        };
        let listener = TcpListener::bind(address)?;
        listening(listener.local_addr()?);
        serve(listener)
    }
}

/// Whether an error of `accept` concerns one client only, such as a client that gave up
/// before it was accepted. The server goes on after it.
fn is_transient(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::Interrupted
    )
}
