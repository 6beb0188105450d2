//! A server and its client, written against the standard library alone.
//!
//! This file does not mention coroutines. It is the kind of code that the patch is for.

use std::io;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// The work for one connection.
pub type Work = Box<dyn FnOnce() + Send>;

/// Sends every byte back, until end of file.
///
/// # Errors
/// Returns an error if reading or writing fails.
// ANCHOR: echo
pub fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 512];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count])?;
    }
}

/// Accepts connections forever and passes the work for each one to `start`, which runs it
/// concurrently with this loop: in a thread, for instance.
///
/// # Errors
/// Returns an error if accepting fails.
pub fn serve(listener: &TcpListener, start: impl Fn(Work)) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        start(Box::new(|| {
            // One client that disconnects does not affect the others.
            let _ = echo(stream);
        }));
    }
}
// ANCHOR_END: echo

/// Connects, sends a question, and returns an answer of the same length.
///
/// # Errors
/// Returns an error if a call fails or the answer takes longer than a minute.
pub fn ask(address: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(question)?;
    let mut answer = vec![0; question.len()];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}
