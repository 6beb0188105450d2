//! Caught by: bytes_come_back_as_soon_as_they_arrive
//!
//! The misconception: a stream consists of lines. This client never sends a newline.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
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
    let mut lines = BufReader::new(stream);
    let mut line = Vec::new();
    let mut back = 0;
    while lines.read_until(b'\n', &mut line)? > 0 {
        stream.write_all(&line)?;
        back += line.len() as u64;
        line.clear();
    }
    Ok(back)
}

fn timed_out(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock => ErrorKind::TimedOut.into(),
        _ => error,
    }
}
