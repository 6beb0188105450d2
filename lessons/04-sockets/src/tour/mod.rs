//! The parts of the tour, a file each, and what they print with.

pub(crate) mod address;
pub(crate) mod calls;
pub(crate) mod closing;
pub(crate) mod counter;
pub(crate) mod faults;
pub(crate) mod file;
pub(crate) mod framing;
pub(crate) mod nagle;
pub(crate) mod pieces;
pub(crate) mod python;
pub(crate) mod signals;
pub(crate) mod udp;
pub(crate) mod unix;

use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;
use std::{io, thread};

use anyhow::{Result, bail};
use terminal::say;

/// Any free port of this machine, for itself only.
pub(crate) const ANY_PORT: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);

/// How long the tour waits for what has to happen.
pub(crate) const SOON: Duration = Duration::from_secs(10);

pub(crate) fn heading(text: &str) {
    terminal::heading(text);
    say("");
}

pub(crate) fn row(text: impl Display) {
    say(format_args!("  {text}"));
}

/// What the part has found, in lines of at most 80 characters.
pub(crate) fn found(text: &str) {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is one from the start");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= 80 {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    say(format!("\n{}\n", lines.join("\n")));
}

/// A connection between two sockets of this process, whose reads end.
pub(crate) fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind(ANY_PORT)?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    for stream in [&client, &server] {
        stream.set_read_timeout(Some(SOON))?;
    }
    Ok((client, server))
}

/// What a call gave, in words: a count, or the name of its error.
pub(crate) fn outcome(result: &io::Result<usize>) -> String {
    match result {
        Ok(count) => format!("{count}"),
        Err(error) => name(error),
    }
}

/// An error by the name that manual pages use.
pub(crate) fn name(error: &io::Error) -> String {
    let name = match error.raw_os_error() {
        Some(libc::EAGAIN) => "EAGAIN",
        Some(libc::EADDRINUSE) => "EADDRINUSE",
        Some(libc::ECONNREFUSED) => "ECONNREFUSED",
        Some(libc::ECONNRESET) => "ECONNRESET",
        Some(libc::EINTR) => "EINTR",
        Some(libc::ENXIO) => "ENXIO",
        Some(libc::EPIPE) => "EPIPE",
        _ => return error.to_string(),
    };
    name.to_owned()
}

/// Waits for the result of `work`, but not for ever.
pub(crate) fn within<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    match receiver.recv_timeout(SOON) {
        Ok(result) => Ok(result),
        Err(_) => bail!("{what}: nothing after {} s", SOON.as_secs()),
    }
}

/// The address of a socket that was opened by hand.
pub(crate) fn address_of(socket: impl std::os::fd::AsFd) -> Result<SocketAddr> {
    Ok(rustix::net::getsockname(socket)?.try_into()?)
}
