//! Caught by: a_silent_client_does_not_delay_the_others
//!
//! The talk's loop: a client is served when the previous one has left.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// Serves `clients` clients and returns how each conversation ended.
pub fn serve(
    listener: &TcpListener,
    clients: usize,
    patience: Duration,
) -> io::Result<Vec<io::Result<u64>>> {
    let mut ends = Vec::new();
    for _ in 0..clients {
        let (stream, _) = listener.accept()?;
        ends.push(echo(&stream, patience).map_err(timed_out));
    }
    Ok(ends)
}

fn echo(mut stream: &TcpStream, patience: Duration) -> io::Result<u64> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    let mut buffer = [0; 4096];
    let mut back = 0;
    loop {
        let count = match stream.read(&mut buffer) {
            Ok(0) => return Ok(back),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        stream.write_all(&buffer[..count])?;
        back += count as u64;
    }
}

fn timed_out(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock => ErrorKind::TimedOut.into(),
        _ => error,
    }
}
