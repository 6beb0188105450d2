//! Caught by: after_a_half_close_all_comes_back_and_then_the_end
//!
//! The misconception: a client that has no more to say does not listen either. What waits
//! to be sent is dropped.

use std::io::{self, ErrorKind, Read, Write};
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
    Ok(threads
        .into_iter()
        .map(|thread| thread.join().expect("no panic"))
        .collect())
}

/// Reads ahead, so that it sees the end before it has answered all.
fn echo(mut stream: &TcpStream, patience: Duration) -> io::Result<u64> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    let (mut echoed, mut buffer) = (0, [0; 4096]);
    loop {
        let count = stream.read(&mut buffer).map_err(tired)?;
        if count < buffer.len() && stream.peek(&mut [0]).is_ok_and(|more| more == 0) {
            return Ok(echoed); // it has gone: nobody to answer to
        }
        stream.write_all(&buffer[..count]).map_err(tired)?;
        echoed += count as u64;
    }
}

fn tired(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::WouldBlock {
        ErrorKind::TimedOut.into()
    } else {
        error
    }
}
