//! The talk's `server.py` and `client.py` (slides 12 and 13), call by call, with all of
//! their faults.
//!
//! The faults are kept so that a test can show each of them; [`crate::mended`] is the
//! version without them. Each program exists twice: once with the calls themselves and
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

/// Makes the first three calls of `server.py`. Nothing is accepted yet.
///
/// # Errors
/// Returns `AddrInUse` if the address is taken.
// ANCHOR: open
pub fn open(address: SocketAddrV4) -> io::Result<OwnedFd> {
    let server = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    bind(&server, &address)?;
    listen(&server, 5)?;
    Ok(server)
}
// ANCHOR_END: open

/// Runs the loop of `server.py` for `clients` clients and prints to `printed`.
///
/// # Errors
/// Returns the first error of any call, as the talk's server stops at the first.
pub fn serve(
    server: &OwnedFd,
    clients: usize,
    printed: &mut impl Write,
) -> io::Result<()> {
    // ANCHOR: serve
    let mut connection;
    for _ in 0..clients {
        connection = accept(server)?; // closes the previous one, as in Python
        let mut buf = [0; 64];
        let (count, _) = recv(&connection, &mut buf, RecvFlags::empty())?;
        if count > 0 {
            printed.write_all(&buf[..count])?;
            printed.write_all(b"\n")?;
        }
    }
    // ANCHOR_END: serve
    Ok(())
}

/// Runs the same loop with `std::net`, whose `TcpListener::bind` is `socket`, `bind` and
/// `listen` in one.
///
/// # Errors
/// Returns the first error of any call.
pub fn serve_std(
    server: &TcpListener,
    clients: usize,
    printed: &mut impl Write,
) -> io::Result<()> {
    let mut connection;
    for _ in 0..clients {
        // ANCHOR: serve_std
        (connection, _) = server.accept()?;
        let mut buf = [0; 64];
        let count = connection.read(&mut buf)?;
        // ANCHOR_END: serve_std
        if count > 0 {
            printed.write_all(&buf[..count])?;
            printed.write_all(b"\n")?;
        }
    }
    Ok(())
}

/// Does what `client.py` does. Returns the connection and the number of bytes that the
/// kernel accepted, which the talk's client ignores.
///
/// # Errors
/// Returns `ConnectionRefused` if nothing listens at `address`.
// ANCHOR: client
pub fn say(address: SocketAddrV4, message: &[u8]) -> io::Result<(OwnedFd, usize)> {
    let client = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    connect(&client, &address)?;
    let count = send(&client, message, SendFlags::empty())?;
    Ok((client, count))
}
// ANCHOR_END: client

/// Does the same with `std::net`, whose `TcpStream::connect` is `socket` and `connect` in
/// one.
///
/// # Errors
/// Returns `ConnectionRefused` if nothing listens at `address`.
pub fn say_std(address: SocketAddrV4, message: &[u8]) -> io::Result<(TcpStream, usize)> {
    let mut client = TcpStream::connect(address)?;
    let count = client.write(message)?;
    Ok((client, count))
}
