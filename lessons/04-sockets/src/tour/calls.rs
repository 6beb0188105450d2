//! The calls of slides 12 and 13, one per line, with the kernel's answer.

use std::os::fd::AsRawFd;

use anyhow::{Result, ensure};
use rustix::net::{RecvFlags, SendFlags, accept, bind, connect, listen, recv, send};
use sockets::by_hand::socket_by_libc;

use super::{ANY_PORT, address_of, heading, remember, row};

pub(crate) fn show() -> Result<()> {
    heading("The calls of the talk's two programs");
    let call = |side: &str, call: &str, result: String| {
        row(format!("{side:<7} {call:<32} {result}"));
    };
    call("side", "call", "result".into());

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
        format!("port {}: 0 means any", address.port()),
    );
    listen(&server, 5)?;
    call("server", "listen(5)", "clients can queue".into());

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
        "connected, before accept".into(),
    );
    let sent = send(&client, b"hello", SendFlags::empty())?;
    call(
        "client",
        "send(\"hello\")",
        format!("{sent} bytes accepted, before recv"),
    );

    let connection = accept(&server)?;
    call(
        "server",
        "accept()",
        format!("descriptor {}, a second socket", connection.as_raw_fd()),
    );
    let mut buf = [0; 64];
    let (count, _) = recv(&connection, &mut buf, RecvFlags::empty())?;
    let received = String::from_utf8_lossy(&buf[..count]).into_owned();
    call("server", "recv(64)", format!("{count} bytes: {received:?}"));

    let number = client.as_raw_fd();
    drop(client);
    call(
        "client",
        &format!("close({number})"),
        "the number is free".into(),
    );
    let (end, _) = recv(&connection, &mut buf, RecvFlags::empty())?;
    call("server", "recv(64)", format!("{end} bytes: end-of-file"));
    let again = socket_by_libc()?;
    call(
        "client",
        "socket(AF_INET, SOCK_STREAM, 0)",
        format!("descriptor {} again", again.as_raw_fd()),
    );

    ensure!(
        received == "hello" && end == 0,
        "expected \"hello\" and end-of-file, got {received:?} and {end} bytes"
    );
    ensure!(
        again.as_raw_fd() == number,
        "expected the lowest free number, {number}, and got {}",
        again.as_raw_fd()
    );
    remember(
        "A descriptor is a small number, the lowest that is free. The server has one \
         for the door and one for each guest.",
        "`cargo run -p lesson-04-sockets -- file` uses a socket as a file.",
    );
    Ok(())
}
