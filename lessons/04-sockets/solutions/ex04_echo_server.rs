//! Each client has a thread that owns its stream: when `echo` returns, with or without an
//! error, the stream is dropped and the connection closed.
//!
//! `io::copy` is the loop of `read` and `write_all`, and it repeats a call that a signal
//! interrupted. Only an error of `accept` stops the server: any other error is the result
//! of one client.

use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Serves `clients` clients and returns how each conversation ended.
///
/// # Errors
/// Returns any error of `accept`. The errors of a client are in the result.
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

/// Sends everything back until the client's stream ends, and returns the number of bytes.
fn echo(mut stream: &TcpStream, patience: Duration) -> io::Result<u64> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    io::copy(&mut { stream }, &mut stream).map_err(|error| match error.kind() {
        ErrorKind::WouldBlock => ErrorKind::TimedOut.into(),
        _ => error,
    })
}
