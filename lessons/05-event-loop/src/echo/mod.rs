//! One protocol, served in five ways: each line that a client sends comes back to it.
//! Each server serves until its process ends, so that the program around it is the same
//! for all.

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

/// The bytes that a server reads at once.
pub const BUFFER: usize = 4096;

/// The most that is kept of a line that is not whole, in bytes. A client that sends more
/// without a `\n` is closed.
pub const MOST_KEPT: usize = 4096;

// ANCHOR: whole_lines
/// The lines that are whole now that `read` has come, to be sent back in one write. What
/// is behind the last `\n` goes into `partial`, which is `read`'s beginning the next
/// time.
///
/// # Errors
/// `InvalidData` when more than [`MOST_KEPT`] bytes of a line have come and not its end.
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
            format!("{MOST_KEPT} bytes and no end of the line"),
        ));
    }
    Ok(lines)
}
// ANCHOR_END: whole_lines

/// The ways that are written in Rust. The fifth of the talk's own time is in
/// `python/echo.py`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A thread for each connection.
    Threads,
    /// Callbacks on our own loop.
    Reactor,
    /// An `async fn` a connection on our own executor and loop.
    Futures,
    /// A coroutine for each connection.
    May,
    /// A task for each connection.
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

    /// As it is written on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Threads => "threads",
            Self::Reactor => "reactor",
            Self::Futures => "futures",
            Self::May => "may",
            Self::Tokio => "tokio",
        }
    }

    /// Serves whoever connects to `address`, in one thread but for [`Way::Threads`],
    /// until the process ends. Tells `listening` the address that it got.
    ///
    /// # Errors
    /// What the kernel says about the listener. What goes wrong with one client ends that
    /// client only.
    pub fn serve(
        self,
        address: SocketAddr,
        listening: impl FnOnce(SocketAddr),
    ) -> io::Result<()> {
        let serve = match self {
            // may has a listener of its own and takes no other.
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

/// Whether `accept` failed for a caller that has gone again, which is no reason to stop.
fn passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::Interrupted
    )
}
