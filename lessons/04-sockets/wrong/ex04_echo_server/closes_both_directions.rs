//! Caught by: after_a_half_close_everything_comes_back_and_then_end_of_file
//!
//! The misconception: a client that has half-closed no longer reads. The bytes that wait
//! to be sent back are dropped.

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
    let mut waiting = Vec::new();
    let mut buffer = [0; 4096];
    let mut back = 0;
    loop {
        // Reads ahead, so that it sees end-of-file before it has answered everything.
        stream.set_nonblocking(!waiting.is_empty())?;
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(back),
            Ok(count) => waiting.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error)
                if error.kind() == ErrorKind::WouldBlock && !waiting.is_empty() =>
            {
                stream.set_nonblocking(false)?;
                stream.write_all(&waiting)?;
                back += waiting.len() as u64;
                waiting.clear();
            }
            Err(error) => return Err(error),
        }
    }
}

fn timed_out(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock => ErrorKind::TimedOut.into(),
        _ => error,
    }
}
