//! Caught by: a_client_that_sends_nothing_is_closed
//!
//! The error keeps the kernel's name, `WouldBlock`.

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
