//! A coroutine for each connection, with `may`: the same text as with threads.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use may::net::{TcpListener, TcpStream};

use super::{BUFFER, is_transient, whole_lines};

// ANCHOR: may
/// Serves each client in a coroutine, all on one worker thread, and passes the bound
/// address to `listening`.
///
/// # Errors
/// Returns the errors of `bind` and `accept`.
pub fn serve(address: SocketAddr, listening: impl FnOnce(SocketAddr)) -> io::Result<()> {
    may::config().set_workers(1);
    let listener = TcpListener::bind(address)?;
    listening(listener.local_addr()?);
    let serving = may::go!(move || -> io::Result<()> {
        loop {
            match listener.accept() {
                Ok((stream, _)) => drop(may::go!(move || echo(stream))),
                Err(error) if is_transient(&error) => {}
                Err(error) => return Err(error),
            }
        }
    });
    serving
        .join()
        .unwrap_or_else(|_| Err(io::Error::other("the coroutine that accepts panicked")))
}

fn echo(mut stream: TcpStream) -> io::Result<()> {
    let (mut buffer, mut partial) = ([0; BUFFER], Vec::new());
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => stream.write_all(&whole_lines(&mut partial, &buffer[..count])?)?,
        }
    }
}
// ANCHOR_END: may
