//! Caught by: who_breaks_off_is_no_end_for_the_others
//!
//! A `?` too many: the error of one client becomes the error of the server.

use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Serves so many clients and gives how each conversation ended.
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
    let mut results = Vec::new();
    for thread in threads {
        results.push(Ok(thread.join().expect("no panic")?));
    }
    Ok(results)
}

fn echo(mut stream: &TcpStream, patience: Duration) -> io::Result<u64> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    io::copy(&mut { stream }, &mut stream).map_err(tired)
}

fn tired(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::WouldBlock {
        ErrorKind::TimedOut.into()
    } else {
        error
    }
}
