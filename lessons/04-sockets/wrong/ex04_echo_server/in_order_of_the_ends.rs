//! Caught by: the_results_are_in_order_of_acceptance
//!
//! The results come through a channel, in the order in which clients end.

use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Serves so many clients and gives how each conversation ended.
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
            // Sent while the connection is open, so that the order is that of the ends,
            // and no thread's luck.
            let _ = sender.send(echo(&stream, patience));
            drop(stream);
        });
    }
    drop(sender);
    Ok(results.iter().collect())
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
