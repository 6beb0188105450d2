//! A thread for each connection: chapter 4's server.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use super::{BUFFER, passing, whole_lines};

// ANCHOR: threads
/// Serves each client in a thread of its own.
///
/// # Errors
/// Those of `accept`, and when the system gives no more threads.
pub fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        match listener.accept() {
            // A small stack, which is all that this takes: ten thousand of them are a lot
            // of addresses.
            Ok((stream, _)) => {
                drop(
                    thread::Builder::new()
                        .stack_size(64 << 10)
                        .spawn(move || echo(&stream))?,
                );
            }
            Err(error) if passing(&error) => {}
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
