//! Caught by: the_results_are_in_order_of_acceptance
//!
//! The results arrive through a channel, in the order in which the clients leave.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Serves `clients` clients and returns how each conversation ended.
pub fn serve(
    listener: &TcpListener,
    clients: usize,
    patience: Duration,
) -> io::Result<Vec<io::Result<u64>>> {
    let (sender, results) = mpsc::channel();
    for _ in 0..clients {
        let (stream, _) = listener.accept()?;
        let sender = sender.clone();
        thread::spawn(move || {
            // Sent while the connection is open, so that the order is that of the ends.
            let _ = sender.send(echo(&stream, patience).map_err(timed_out));
        });
    }
    drop(sender);
    Ok(results.iter().collect())
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
