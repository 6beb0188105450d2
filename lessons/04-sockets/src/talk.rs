//! The talk's `server.py` and `client.py` (slides 12 and 13), call by call, with
//! everything that is wrong in them.
//!
//! They are kept as they were shown, so that a test can show each fault.
//! [`crate::mended`] is what became of them. Twice each: once with the calls themselves,
//! once with `std::net`, which makes the same calls.

use std::io::{self, Read, Write};
use std::net::{SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::OwnedFd;

use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketType, accept, bind, connect, listen, recv,
    send, socket,
};

/// The port that the talk chose.
pub const PORT: u16 = 8089;

/// The first three calls of `server.py`. Nothing is accepted yet.
///
/// # Errors
/// `AddrInUse` when the address is taken.
// ANCHOR: open
pub fn open(address: SocketAddrV4) -> io::Result<OwnedFd> {
    let server = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    bind(&server, &address)?;
    listen(&server, 5)?;
    Ok(server)
}
// ANCHOR_END: open

/// The loop of `server.py`, for this many clients, with the place where it prints.
///
/// # Errors
/// What the calls give: the talk's server ends at the first.
// ANCHOR: serve
pub fn serve(
    server: &OwnedFd,
    clients: usize,
    printed: &mut impl Write,
) -> io::Result<()> {
    let mut connection;
    for _ in 0..clients {
        connection = accept(server)?; // closes the connection before, as in Python
        let mut buf = [0; 64];
        let (count, _) = recv(&connection, &mut buf, RecvFlags::empty())?;
        if count > 0 {
            printed.write_all(&buf[..count])?;
            printed.write_all(b"\n")?;
        }
    }
    Ok(())
}
// ANCHOR_END: serve

/// The same loop with `std::net`. `TcpListener::bind` is `socket`, `bind` and `listen` in
/// one.
///
/// # Errors
/// What the calls give.
// ANCHOR: serve_std
pub fn serve_std(
    server: &TcpListener,
    clients: usize,
    printed: &mut impl Write,
) -> io::Result<()> {
    let mut connection;
    for _ in 0..clients {
        (connection, _) = server.accept()?;
        let mut buf = [0; 64];
        let count = connection.read(&mut buf)?;
        if count > 0 {
            printed.write_all(&buf[..count])?;
            printed.write_all(b"\n")?;
        }
    }
    Ok(())
}
// ANCHOR_END: serve_std

/// `client.py`: the connection, and how many bytes of `message` the kernel took, which
/// the talk does not look at.
///
/// # Errors
/// `ConnectionRefused` when nobody listens.
// ANCHOR: client
pub fn say(address: SocketAddrV4, message: &[u8]) -> io::Result<(OwnedFd, usize)> {
    let client = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    connect(&client, &address)?;
    let count = send(&client, message, SendFlags::empty())?;
    Ok((client, count))
}

/// The same with `std::net`. `TcpStream::connect` is `socket` and `connect` in one.
///
/// # Errors
/// `ConnectionRefused` when nobody listens.
pub fn say_std(address: SocketAddrV4, message: &[u8]) -> io::Result<(TcpStream, usize)> {
    let mut client = TcpStream::connect(address)?;
    let count = client.write(message)?;
    Ok((client, count))
}
// ANCHOR_END: client
