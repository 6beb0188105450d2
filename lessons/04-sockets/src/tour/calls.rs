//! The calls of slides 12 and 13, one a line, with what the kernel gives back.

use std::os::fd::AsRawFd;

use anyhow::{Result, ensure};
use rustix::net::{RecvFlags, SendFlags, accept, bind, connect, listen, recv, send};
use sockets::by_hand::socket_by_libc;

use super::{ANY_PORT, address_of, found, heading, row};

pub(crate) fn show() -> Result<()> {
    heading("The calls of the talk's two programs");
    let call = |side: &str, call: &str, gives: String| {
        row(format!("{side:<7} {call:<32} {gives}"));
    };

    let server = socket_by_libc()?;
    call(
        "server",
        "socket(AF_INET, SOCK_STREAM, 0)",
        format!("descriptor {}", server.as_raw_fd()),
    );
    bind(&server, &ANY_PORT)?;
    let address = address_of(&server)?;
    call(
        "server",
        "bind(127.0.0.1:0)",
        format!("port {}, for 0 is any", address.port()),
    );
    listen(&server, 5)?;
    call("server", "listen(5)", "callers may queue".into());

    let client = socket_by_libc()?;
    call(
        "client",
        "socket(AF_INET, SOCK_STREAM, 0)",
        format!("descriptor {}", client.as_raw_fd()),
    );
    connect(&client, &address)?;
    call(
        "client",
        "connect(the server's address)",
        "connected, before any accept".into(),
    );
    let sent = send(&client, b"hello", SendFlags::empty())?;
    call(
        "client",
        "send(\"hello\")",
        format!("{sent} bytes taken, before any recv"),
    );

    let connection = accept(&server)?;
    call(
        "server",
        "accept()",
        format!("descriptor {}, a second socket", connection.as_raw_fd()),
    );
    let mut buf = [0; 64];
    let (count, _) = recv(&connection, &mut buf, RecvFlags::empty())?;
    let heard = String::from_utf8_lossy(&buf[..count]).into_owned();
    call("server", "recv(64)", format!("{count} bytes: {heard:?}"));

    let number = client.as_raw_fd();
    drop(client);
    call(
        "client",
        &format!("close({number})"),
        "our end is gone".into(),
    );
    let (end, _) = recv(&connection, &mut buf, RecvFlags::empty())?;
    call("server", "recv(64)", format!("{end} bytes: the end"));
    let again = socket_by_libc()?;
    call(
        "client",
        "socket(AF_INET, SOCK_STREAM, 0)",
        format!("descriptor {} again", again.as_raw_fd()),
    );

    ensure!(
        heard == "hello" && end == 0,
        "\"hello\" and the end were due, {heard:?} and {end} bytes came"
    );
    ensure!(
        again.as_raw_fd() == number,
        "the lowest free number is {number}, and {} came",
        again.as_raw_fd()
    );
    found(
        "A descriptor is a small number, the lowest that is free. The server has one for the door and one a guest.",
    );
    Ok(())
}
