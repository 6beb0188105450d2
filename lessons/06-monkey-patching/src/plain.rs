//! A server and its client, written against the standard library and nothing else.
//!
//! There is no word of coroutines here. This is the code that the patch has to deal with.

use std::io;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// What a connection needs done.
pub type Work = Box<dyn FnOnce() + Send>;

/// Sends back what comes, until the other side has no more.
///
/// # Errors
/// What reading and writing gives.
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

/// Takes connections, and gives each to `begin`, which lets its work run beside this
/// loop: in a thread, for instance.
///
/// # Errors
/// What accepting gives.
pub fn serve(listener: &TcpListener, begin: impl Fn(Work)) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        begin(Box::new(|| {
            // A client that breaks off is its own affair.
            let _ = echo(stream);
        }));
    }
}
// ANCHOR_END: echo

/// Connects, asks, and gives the answer.
///
/// # Errors
/// What the calls give; an answer that does not come within a minute is one.
pub fn ask(address: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(question)?;
    let mut answer = vec![0; question.len()];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}
