//! A thread for each connection: chapter 4's server.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use super::{BUFFER, is_transient, whole_lines};

// ANCHOR: threads
/// Serves each client in its own thread.
///
/// # Errors
/// Returns the errors of `accept`, and an error if the system cannot start a thread.
pub fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        match listener.accept() {
            // A small stack is enough here, and ten thousand stacks of the default 2 MB
            // would reserve 20 GB of addresses.
            Ok((stream, _)) => {
                drop(
                    thread::Builder::new()
                        .stack_size(64 << 10)
                        .spawn(move || echo(&stream))?,
                );
            }
            Err(error) if is_transient(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

fn echo(mut stream: &TcpStream) -> io::Result<()> {
    let (mut buffer, mut partial) = ([0; BUFFER], Vec::new());
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => stream.write_all(&whole_lines(&mut partial, &buffer[..count])?)?,
        }
    }
}
// ANCHOR_END: threads
