//! Caught by: who_is_silent_for_too_long_is_closed
//!
//! The error is handed on as the kernel names it: `WouldBlock`.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use std::{io, thread};

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
    Ok(threads
        .into_iter()
        .map(|thread| thread.join().expect("no panic"))
        .collect())
}

fn echo(mut stream: &TcpStream, patience: Duration) -> io::Result<u64> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    io::copy(&mut { stream }, &mut stream)
}
