//! A stream and a listener made of nothing but the calls of Berkeley sockets.
//!
//! `std::net` hides these calls well. Here they are in plain sight: [`Stream`] and
//! [`Listener`] are each a descriptor and the calls on it, just as `TcpStream` and
//! `TcpListener` are.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

use rustix::io::retry_on_intr;
use rustix::net::sockopt::Timeout;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, Shutdown, SocketType, accept, bind, connect,
    getpeername, getsockname, listen, recv, send, shutdown, socket, sockopt,
};

/// Asks `send` to report a closed connection as the error `EPIPE` only, without the
/// signal `SIGPIPE`.
// ANCHOR: no_signal
#[cfg(not(target_vendor = "apple"))]
const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
// ANCHOR_END: no_signal
/// Apple's systems lack the flag; Rust ignores the signal there too.
#[cfg(target_vendor = "apple")]
const NO_SIGNAL: SendFlags = SendFlags::empty();

/// Makes a new IPv4 stream socket with C's own `socket`, the call that every language's
/// wrapper ends up making.
///
/// # Errors
/// Returns the kernel's error, for example `EMFILE` if this process has reached its limit
/// of open descriptors.
// ANCHOR: libc
pub fn socket_by_libc() -> io::Result<OwnedFd> {
    // SAFETY: `socket` takes three numbers and no pointer, so there is no memory that it
    // could misuse.
    let number = unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0) };
    if number == -1 {
        return Err(io::Error::last_os_error()); // -1 means: the reason is in `errno`
    }
    // SAFETY: the kernel has just made this descriptor for us, so it is open, and nothing
    // else owns or closes it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
// ANCHOR_END: libc

/// Makes a TCP socket for IPv4 or IPv6, whichever `address` is, with close-on-exec set.
// ANCHOR: stream_socket
fn stream_socket(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() {
        AddressFamily::INET
    } else {
        AddressFamily::INET6
    };
    let descriptor = socket(family, SocketType::STREAM, None)?;
    keep_from_children(&descriptor)?;
    Ok(descriptor)
}

/// Sets close-on-exec: a program that this process starts does not get `descriptor`.
fn keep_from_children(descriptor: &OwnedFd) -> io::Result<()> {
    Ok(rustix::io::fcntl_setfd(
        descriptor,
        rustix::io::FdFlags::CLOEXEC,
    )?)
}
// ANCHOR_END: stream_socket

/// A socket that accepts connections.
#[derive(Debug)]
pub struct Listener(OwnedFd);

impl Listener {
    /// Listens at `address` (port 0 means any free port) and lets about `backlog` clients
    /// queue there.
    ///
    /// # Errors
    /// Returns `AddrInUse` if another socket has that address, and `PermissionDenied` for
    /// a port below 1024 on most systems.
    // ANCHOR: listener
    pub fn open(address: SocketAddr, backlog: i32) -> io::Result<Self> {
        let descriptor = stream_socket(address)?;
        sockopt::set_socket_reuseaddr(&descriptor, true)?;
        bind(&descriptor, &address)?;
        listen(&descriptor, backlog)?;
        Ok(Self(descriptor))
    }
    // ANCHOR_END: listener

    /// Waits for the next client and returns the socket that is connected to it.
    ///
    /// # Errors
    /// Returns the kernel's error; `EMFILE` if this process has reached its limit of open
    /// descriptors.
    // ANCHOR: accept
    pub fn accept(&self) -> io::Result<Stream> {
        let descriptor = retry_on_intr(|| accept(&self.0))?;
        keep_from_children(&descriptor)?;
        Ok(Stream(descriptor))
    }
    // ANCHOR_END: accept

    /// Returns the address at which this listens, with the port that the kernel chose for
    /// 0.
    ///
    /// # Errors
    /// Returns the kernel's error.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(getsockname(&self.0)?.try_into()?)
    }
}

/// One end of a connection.
#[derive(Debug)]
pub struct Stream(OwnedFd);

impl Stream {
    /// Connects to `address` and waits until the other side's kernel has agreed.
    ///
    /// # Errors
    /// Returns `ConnectionRefused` if nothing listens there, and `Interrupted` if a
    /// signal arrives first: unlike a read, an interrupted `connect` is still in progress
    /// and must not be treated as if nothing had happened. The socket is closed.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let descriptor = stream_socket(address)?;
        connect(&descriptor, &address)?;
        Ok(Self(descriptor))
    }

    /// Limits each `read` and `write`: one that waits longer than `time` fails with
    /// `WouldBlock`.
    ///
    /// # Errors
    /// Returns `InvalidInput` for a time of zero, which to the kernel means "forever".
    pub fn give_up_after(&self, time: Duration) -> io::Result<()> {
        if time.is_zero() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        sockopt::set_socket_timeout(&self.0, Timeout::Recv, Some(time))?;
        Ok(sockopt::set_socket_timeout(
            &self.0,
            Timeout::Send,
            Some(time),
        )?)
    }

    /// Half-closes the connection: the peer sees end-of-file and can still send.
    ///
    /// # Errors
    /// Returns `NotConnected` if the connection has already ended.
    pub fn finish_writing(&self) -> io::Result<()> {
        Ok(shutdown(&self.0, Shutdown::Write)?)
    }

    /// Returns the address of the other end.
    ///
    /// # Errors
    /// Returns `NotConnected` if the connection has already ended.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        let address = getpeername(&self.0)?.ok_or(io::ErrorKind::NotConnected)?;
        Ok(address.try_into()?)
    }
}

// ANCHOR: read_write
impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (count, _) =
            retry_on_intr(|| recv(&self.0, &mut *buffer, RecvFlags::empty()))?;
        Ok(count)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(retry_on_intr(|| send(&self.0, bytes, NO_SIGNAL))?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // nothing is buffered here: the kernel has all that `send` accepted
    }
}
// ANCHOR_END: read_write

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<Stream> for OwnedFd {
    fn from(stream: Stream) -> Self {
        stream.0
    }
}
