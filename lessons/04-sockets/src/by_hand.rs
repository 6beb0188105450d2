//! The calls of Berkeley sockets, one by one, and a stream and a listener made of nothing
//! else.
//!
//! `std::net` hides these calls well. Here they stand in the open, so that the next
//! layer, which is `std`, is no mystery: [`Stream`] and [`Listener`] are what `TcpStream`
//! and `TcpListener` are, a descriptor each and the calls.

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

/// A peer that has gone is an error to look at (`EPIPE`), not a signal that ends the
/// program.
#[cfg(not(target_vendor = "apple"))]
const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
/// There is no such flag here; a Rust program ignores that signal from its start.
#[cfg(target_vendor = "apple")]
const NO_SIGNAL: SendFlags = SendFlags::empty();

/// A new IPv4 stream socket, by C's own `socket`: what every wrapper, Python's and ours,
/// comes down to.
///
/// # Errors
/// What the kernel says, for example `EMFILE` when this process may open no more files.
// ANCHOR: libc
pub fn socket_by_libc() -> io::Result<OwnedFd> {
    // SAFETY: `socket` takes three numbers and no pointer: there is no memory that it
    // could read or write wrongly.
    let number = unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0) };
    if number == -1 {
        return Err(io::Error::last_os_error()); // C's way: -1, and the reason in `errno`
    }
    // SAFETY: the kernel has just made this descriptor for us, so it is open, and nobody
    // else owns or closes it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
// ANCHOR_END: libc

/// A TCP socket of the family of `address`, which a program that we start does not
/// inherit.
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

/// Has the kernel close `descriptor` in a program that this process starts.
fn keep_from_children(descriptor: &OwnedFd) -> io::Result<()> {
    Ok(rustix::io::fcntl_setfd(
        descriptor,
        rustix::io::FdFlags::CLOEXEC,
    )?)
}

/// A socket that waits for callers.
#[derive(Debug)]
pub struct Listener(OwnedFd);

impl Listener {
    /// Takes `address` (port 0: any free one) and lets callers queue there, about
    /// `backlog` of them.
    ///
    /// # Errors
    /// `AddrInUse` when another socket has that address, `PermissionDenied` for a port
    /// below 1024 on most systems.
    // ANCHOR: listener
    pub fn open(address: SocketAddr, backlog: i32) -> io::Result<Self> {
        let descriptor = stream_socket(address)?;
        sockopt::set_socket_reuseaddr(&descriptor, true)?;
        bind(&descriptor, &address)?;
        listen(&descriptor, backlog)?;
        Ok(Self(descriptor))
    }

    /// Waits for the next caller, and gives the socket that speaks with this one caller.
    ///
    /// # Errors
    /// What the kernel says; `EMFILE` when this process has as many descriptors as it
    /// may.
    pub fn accept(&self) -> io::Result<Stream> {
        let descriptor = retry_on_intr(|| accept(&self.0))?;
        keep_from_children(&descriptor)?;
        Ok(Stream(descriptor))
    }
    // ANCHOR_END: listener

    /// Where this listens: the way to learn the port that 0 became.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(getsockname(&self.0)?.try_into()?)
    }
}

/// One end of a connection.
#[derive(Debug)]
pub struct Stream(OwnedFd);

impl Stream {
    /// Calls `address` and waits until the other side's kernel has taken the call.
    ///
    /// # Errors
    /// `ConnectionRefused` when nothing listens there.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let descriptor = stream_socket(address)?;
        connect(&descriptor, &address)?;
        Ok(Self(descriptor))
    }

    /// A `read` or `write` that waits longer than this gives `WouldBlock`.
    ///
    /// # Errors
    /// `InvalidInput` for a time of zero, which the kernel takes to mean "for ever".
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

    /// Ends our direction: the peer reads to the end, and can still answer.
    ///
    /// # Errors
    /// `NotConnected` when the connection is gone already.
    pub fn finish_writing(&self) -> io::Result<()> {
        Ok(shutdown(&self.0, Shutdown::Write)?)
    }

    /// The address of the other end.
    ///
    /// # Errors
    /// `NotConnected` when the connection is gone already.
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
        Ok(()) // nothing is kept here: what `send` took, the kernel has
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
