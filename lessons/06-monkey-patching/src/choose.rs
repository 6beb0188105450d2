//! The alternative to patching: generic code that lets its caller choose how to wait.
//!
//! `Read` and `Write` already offer this choice: [`exchange`] works on the sockets of
//! `std::net` and of `may::net`, and on bytes in memory. They have no methods to connect,
//! accept, sleep or start concurrent work, so [`Runtime`] adds these. tokio needs more
//! than a trait: its calls are `async`, and so is everything that calls them.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

/// A way of waiting: by blocking a thread or by parking a coroutine.
///
/// The calls that return a `Result` fail if the kernel reports an error.
#[allow(clippy::missing_errors_doc, reason = "said once, above")]
// ANCHOR: runtime
pub trait Runtime {
    /// A connection.
    type Stream: Read + Write + Send + 'static;
    /// A listening socket.
    type Listener: Send + 'static;

    /// Listens on a free port of this machine.
    fn listen() -> io::Result<(Self::Listener, SocketAddr)>;
    /// Waits for the next connection.
    fn accept(listener: &Self::Listener) -> io::Result<Self::Stream>;
    /// Connects.
    fn connect(address: SocketAddr) -> io::Result<Self::Stream>;
    /// Waits for this time.
    fn sleep(time: Duration);
    /// Runs `work` concurrently with the caller.
    fn start(work: impl FnOnce() + Send + 'static);
}
// ANCHOR_END: runtime

/// Kernel threads and the sockets of `std::net`.
#[derive(Clone, Copy, Debug)]
pub struct Threads;

/// Coroutines and the sockets of `may::net`, which wait cooperatively without a patch.
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

    fn start(work: impl FnOnce() + Send + 'static) {
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

    fn start(work: impl FnOnce() + Send + 'static) {
        may::go!(work);
    }
}

/// Sends a question and reads an answer of the same length.
///
/// # Errors
/// Returns an error if the stream fails or ends before the last byte.
// ANCHOR: exchange
pub fn exchange(stream: &mut (impl Read + Write), ask: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(ask)?;
    let mut answer = vec![0; ask.len()];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}
// ANCHOR_END: exchange

/// Starts an echo server for one client and returns its address at once.
///
/// # Errors
/// Returns an error if the server cannot listen.
// ANCHOR: serve_one
pub fn serve_one<R: Runtime>() -> io::Result<SocketAddr> {
    let (listener, address) = R::listen()?;
    R::start(move || {
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
