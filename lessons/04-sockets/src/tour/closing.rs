//! What the calls of one side give after the other has ended, in each of the ways there
//! are.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rustix::net::sockopt::set_socket_linger;

use super::{found, heading, outcome, pair, row};

pub(crate) fn show() -> Result<()> {
    heading("What a program sees when the other side ends");
    row(format!(
        "{:<36} {:<12} {:<12} {}",
        "the other side", "read", "write", "write again"
    ));
    let half = after("says it has no more to say (FIN)", |server| {
        server.shutdown(Shutdown::Write)
    })?;
    let closed = after("closes (FIN)", |_| Ok(()))?;
    let unread = after_unread()?;
    let reset = after("closes, lingering for no time (RST)", |server| {
        Ok(set_socket_linger(server, Some(Duration::ZERO))?)
    })?;
    if !cfg!(target_os = "linux") {
        found("On this system some of these differ from what the chapter says of Linux.");
        return Ok(());
    }
    ensure!(half == ["0", "6", "6"], "after a half-close: {half:?}");
    ensure!(
        closed[..2] == ["0", "6"] && closed[2] != "6",
        "after a close: {closed:?}"
    );
    ensure!(
        unread[0] == "ECONNRESET" && reset[0] == "ECONNRESET",
        "after a reset: {unread:?} {reset:?}"
    );
    found(
        "0 is an end in good order. A close says nothing of whether anyone still listens: only a later write tells.",
    );
    Ok(())
}

/// Ends the server's side by `end` and, unless that was a half-close, by dropping it;
/// then tries the client's calls.
fn after(
    what: &str,
    end: impl FnOnce(&TcpStream) -> std::io::Result<()>,
) -> Result<[String; 3]> {
    let (client, server) = pair()?;
    end(&server)?;
    let half = what.starts_with("says");
    let kept = half.then_some(server);
    let calls = calls(client);
    drop(kept);
    print(what, &calls);
    Ok(calls)
}

fn after_unread() -> Result<[String; 3]> {
    let (mut client, server) = pair()?;
    client.write_all(b"please read this")?;
    server.peek(&mut [0])?; // it has come
    drop(server);
    let calls = calls(client);
    print("closes with bytes unread (RST)", &calls);
    Ok(calls)
}

fn print(what: &str, [read, write, again]: &[String; 3]) {
    row(format!("{what:<36} {read:<12} {write:<12} {again}"));
}

fn calls(mut client: TcpStream) -> [String; 3] {
    let read = outcome(&client.read(&mut [0; 64]));
    let first = outcome(&client.write(b"hello?"));
    // The first write of a closed connection makes the other side answer with RST: give
    // that a moment to come.
    let begin = Instant::now();
    let mut again = client.write(b"hello?");
    while again.is_ok() && begin.elapsed() < Duration::from_millis(100) {
        thread::sleep(Duration::from_millis(5));
        again = client.write(b"hello?");
    }
    [read, first, outcome(&again)]
}
