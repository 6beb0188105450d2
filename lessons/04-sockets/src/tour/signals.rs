//! EINTR, and the signal for writing to a closed connection.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use sockets::{by_hand, signals};

use super::{SOON, heading, name, pair, remember, row, within};

pub(crate) fn show() -> Result<()> {
    heading("Signals during a call");
    signals::catch()?;
    let (mut client, server) = pair()?;
    client.set_read_timeout(None)?;
    let reading = thread::spawn(move || client.read(&mut [0]));
    let begin = Instant::now();
    while !reading.is_finished() {
        ensure!(begin.elapsed() < SOON, "the read was not interrupted");
        signals::interrupt(&reading)?;
        thread::sleep(Duration::from_millis(1));
    }
    let read = reading.join().map_err(|_| anyhow!("the reader panicked"))?;
    let interrupted = read.as_ref().map_or_else(name, ToString::to_string);
    row(format!(
        "{:<43} {interrupted}",
        "TcpStream::read, then a signal"
    ));
    drop(server);

    let listener = by_hand::Listener::open(super::ANY_PORT.into(), 1)?;
    let mut client = by_hand::Stream::connect(listener.local_addr()?)?;
    let mut server = listener.accept()?;
    let reading = thread::spawn(move || client.read(&mut [0; 64]));
    for _ in 0..20 {
        signals::interrupt(&reading)?;
        thread::sleep(Duration::from_millis(1));
    }
    server.write_all(b"hello")?;
    let count = within("the read returns", move || reading.join())?
        .map_err(|_| anyhow!("the reader panicked"))??;
    row(format!(
        "{:<43} {count} bytes",
        "by_hand::Stream::read, 20 signals, \"hello\""
    ));

    let (ours, theirs) = UnixStream::pair()?;
    drop(ours);
    let status = Command::new("yes")
        .stdout(Stdio::from(OwnedFd::from(theirs)))
        .status()?;
    let signal = match status.signal() {
        Some(libc::SIGPIPE) => "killed by SIGPIPE".to_owned(),
        _ => status.to_string(),
    };
    row(format!(
        "{:<43} {signal}",
        "`yes`, writing to a closed connection"
    ));
    let (mut ours, theirs) = UnixStream::pair()?;
    drop(theirs);
    let written = ours.write(b"y\n");
    let error = written.as_ref().map_or_else(name, ToString::to_string);
    row(format!("{:<43} {error}", "a Rust program, doing the same"));

    ensure!(
        interrupted == "EINTR" && count == 5,
        "the reads returned {interrupted} and {count}"
    );
    ensure!(
        signal == "killed by SIGPIPE" && error == "EPIPE",
        "yes: {signal}; ours: {error}"
    );
    remember(
        "After EINTR, repeat the read or write; a connect is another matter. SIGPIPE \
         kills a C program. Rust ignores it, so write returns EPIPE.",
        "exercise ex04_write_all.",
    );
    Ok(())
}
