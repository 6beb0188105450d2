//! The honest alternative: code that says what it needs, and a caller who chooses who
//! waits.
//!
//! `Read` and `Write` are such a choice already: [`exchange`] works for `std::net`, for
//! `may::net` and for a `Vec`. What they do not have is how to connect, to accept, to
//! sleep and to begin something: hence [`Runtime`]. tokio needs more than a trait: its
//! calls are `async`, and so is everything that calls them.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

/// Who waits: a thread or a coroutine.
// ANCHOR: runtime
pub trait Runtime {
    /// A connection.
    type Stream: Read + Write + Send + 'static;
    /// What takes connections.
    type Listener: Send + 'static;

    /// Listens on a free port of this machine, and gives the address.
    ///
    /// # Errors
    /// What the kernel says.
    fn listen() -> io::Result<(Self::Listener, SocketAddr)>;
    /// Waits for the next connection.
    ///
    /// # Errors
    /// What the kernel says.
    fn accept(listener: &Self::Listener) -> io::Result<Self::Stream>;
    /// Connects.
    ///
    /// # Errors
    /// What the kernel says.
    fn connect(address: SocketAddr) -> io::Result<Self::Stream>;
    /// Waits for so long.
    fn sleep(time: Duration);
    /// Lets `work` run beside the caller.
    fn begin(work: impl FnOnce() + Send + 'static);
}
// ANCHOR_END: runtime

/// Threads of the kernel, and `std::net`.
#[derive(Clone, Copy, Debug)]
pub struct Threads;

/// Coroutines of `may`, and `may::net`: cooperative by their types, without a patch.
#[derive(Clone, Copy, Debug)]
pub struct Coroutines;

impl Runtime for Threads {
    type Stream = std::net::TcpStream;
    type Listener = std::net::TcpListener;

    fn listen() -> io::Result<(Self::Listener, SocketAddr)> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
        Ok(listener.accept()?.0)
    }

    fn connect(address: SocketAddr) -> io::Result<Self::Stream> {
        std::net::TcpStream::connect(address)
    }

    fn sleep(time: Duration) {
        std::thread::sleep(time);
    }

    fn begin(work: impl FnOnce() + Send + 'static) {
        std::thread::spawn(work);
    }
}

impl Runtime for Coroutines {
    type Stream = may::net::TcpStream;
    type Listener = may::net::TcpListener;

    fn listen() -> io::Result<(Self::Listener, SocketAddr)> {
        let listener = may::net::TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
        Ok(listener.accept()?.0)
    }

    fn connect(address: SocketAddr) -> io::Result<Self::Stream> {
        may::net::TcpStream::connect(address)
    }

    fn sleep(time: Duration) {
        may::coroutine::sleep(time);
    }

    fn begin(work: impl FnOnce() + Send + 'static) {
        may::go!(work);
    }
}

/// Sends a question, and reads an answer of the same length.
///
/// # Errors
/// What the stream gives; an end before the last byte is one.
// ANCHOR: exchange
pub fn exchange(stream: &mut (impl Read + Write), ask: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(ask)?;
    let mut answer = vec![0; ask.len()];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}
// ANCHOR_END: exchange

/// A server for one client that sends back what comes: it listens, and gives its address
/// at once.
///
/// # Errors
/// What listening gives.
// ANCHOR: serve_one
pub fn serve_one<R: Runtime>() -> io::Result<SocketAddr> {
    let (listener, address) = R::listen()?;
    R::begin(move || {
        let Ok(mut stream) = R::accept(&listener) else {
            return;
        };
        let mut buffer = [0; 512];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            if stream.write_all(&buffer[..count]).is_err() {
                return;
            }
        }
    });
    Ok(address)
}
// ANCHOR_END: serve_one
