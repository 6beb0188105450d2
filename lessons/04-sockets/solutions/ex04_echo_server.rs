//! Each client has a thread that owns its stream: when `echo` returns, well or not, the
//! stream is dropped and closed.
//!
//! `io::copy` is the loop of `read` and `write_all`, and makes a call again that a signal
//! interrupted. Only `accept` may end the server: what one client does is that client's
//! result.

use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::thread;
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
    let mut threads = Vec::new();
    for _ in 0..clients {
        let (stream, _) = listener.accept()?;
        threads.push(thread::spawn(move || echo(&stream, patience)));
    }
    let joined = threads.into_iter().map(|thread| {
        thread.join().unwrap_or_else(|_| {
            Err(io::Error::other("the thread of this client panicked"))
        })
    });
    Ok(joined.collect())
}

/// Sends back what comes until the client has no more to say; how many bytes that were.
fn echo(mut stream: &TcpStream, patience: Duration) -> io::Result<u64> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    io::copy(&mut { stream }, &mut stream).map_err(|error| match error.kind() {
        ErrorKind::WouldBlock => ErrorKind::TimedOut.into(),
        _ => error,
    })
}
