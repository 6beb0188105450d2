//! The results of one side's calls after the other side has ended the connection, in
//! several ways.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rustix::net::sockopt::set_socket_linger;

use super::{heading, outcome, pair, remember, row};

pub(crate) fn show() -> Result<()> {
    heading("What your calls return after the other side ...");
    row(format!(
        "{:<37} {:<12} {:<12} {}",
        "... has", "read", "write", "write again"
    ));
    let half = after("half-closed (FIN)", |server| {
        server.shutdown(Shutdown::Write)
    })?;
    let closed = after("closed (FIN)", |_| Ok(()))?;
    let unread = after_unread()?;
    let reset = after("closed with a linger time of 0 (RST)", |server| {
        Ok(set_socket_linger(server, Some(Duration::ZERO))?)
    })?;
    if !cfg!(target_os = "linux") {
        remember(
            "On this system some results differ from those of Linux in the chapter.",
            "the section \"How connections end: FIN, RST, silence\".",
        );
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
    remember(
        "A read of 0 is an orderly end. It does not tell a half-close from a close: \
         only a later write does.",
        "`cargo run -p lesson-04-sockets -- silence` cuts the cable.",
    );
    Ok(())
}

/// Ends the server's side with `end` and, unless that was a half-close, by dropping it.
/// Then tries the client's calls.
fn after(
    what: &str,
    end: impl FnOnce(&TcpStream) -> std::io::Result<()>,
) -> Result<[String; 3]> {
    let (client, server) = pair()?;
    end(&server)?;
    let half = what.starts_with("half");
    let kept = half.then_some(server);
    let calls = calls(client);
    drop(kept);
    print(what, &calls);
    Ok(calls)
}

fn after_unread() -> Result<[String; 3]> {
    let (mut client, server) = pair()?;
    client.write_all(b"please read this")?;
    server.peek(&mut [0])?; // it has arrived
    drop(server);
    let calls = calls(client);
    print("closed with bytes unread (RST)", &calls);
    Ok(calls)
}

fn print(what: &str, [read, write, again]: &[String; 3]) {
    row(format!("{what:<37} {read:<12} {write:<12} {again}"));
}

fn calls(mut client: TcpStream) -> [String; 3] {
    let read = outcome(&client.read(&mut [0; 64]));
    let first = outcome(&client.write(b"hello?"));
    // The first write to a closed connection makes the other side answer with RST. Give
    // it a moment to arrive.
    let begin = Instant::now();
    let mut again = client.write(b"hello?");
    while again.is_ok() && begin.elapsed() < Duration::from_millis(100) {
        thread::sleep(Duration::from_millis(5));
        again = client.write(b"hello?");
    }
    [read, first, outcome(&again)]
}
