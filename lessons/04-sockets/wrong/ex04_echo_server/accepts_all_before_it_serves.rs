//! Caught by: a_client_is_served_before_the_next_one_comes
//!
//! The first client waits until the last one has connected.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Serves `clients` clients and returns how each conversation ended.
pub fn serve(
    listener: &TcpListener,
    clients: usize,
    patience: Duration,
) -> io::Result<Vec<io::Result<u64>>> {
    let mut streams = Vec::new();
    for _ in 0..clients {
        streams.push(listener.accept()?.0);
    }
    let mut threads = Vec::new();
    for stream in streams {
        threads.push(thread::spawn(move || {
            echo(&stream, patience).map_err(timed_out)
        }));
    }
    Ok(threads
        .into_iter()
        .map(|thread| thread.join().expect("no panic"))
        .collect())
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
