//! The parts of the tour, one file each, and the functions they print with.

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
pub(crate) mod silence;
pub(crate) mod udp;
pub(crate) mod unix;

use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;
use std::{io, thread};

use anstyle::Style;
use anyhow::{Result, bail};
use terminal::say;

/// Any free port of this machine, reachable from this machine only.
pub(crate) const ANY_PORT: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);

/// The deadline of everything that has to happen.
pub(crate) const SOON: Duration = Duration::from_secs(10);

pub(crate) fn heading(text: &str) {
    terminal::heading(text);
    say("");
}

pub(crate) fn row(text: impl Display) {
    say(format_args!("  {text}"));
}

/// Ends a part: what to remember, set apart, and what to read or try next.
pub(crate) fn remember(text: &str, next: &str) {
    let style = Style::new().italic();
    say("");
    for line in wrap(text, 78) {
        say(format_args!("> {style}{line}{style:#}"));
    }
    say("");
    for line in wrap(&format!("Next: {next}"), 80) {
        say(line);
    }
    say("");
}

/// Breaks `text` at spaces into lines of at most `width` characters.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is one from the start");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// Connects two sockets of this process, with a timeout on their reads.
pub(crate) fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind(ANY_PORT)?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    for stream in [&client, &server] {
        stream.set_read_timeout(Some(SOON))?;
    }
    Ok((client, server))
}

/// The result of a call: a count, or the name of its error.
pub(crate) fn outcome(result: &io::Result<usize>) -> String {
    match result {
        Ok(count) => format!("{count}"),
        Err(error) => name(error),
    }
}

/// The name of an error in manual pages.
pub(crate) fn name(error: &io::Error) -> String {
    let name = match error.raw_os_error() {
        Some(libc::EAGAIN) => "EAGAIN",
        Some(libc::EALREADY) => "EALREADY",
        Some(libc::EADDRINUSE) => "EADDRINUSE",
        Some(libc::ECONNREFUSED) => "ECONNREFUSED",
        Some(libc::ECONNRESET) => "ECONNRESET",
        Some(libc::EINTR) => "EINTR",
        Some(libc::ENXIO) => "ENXIO",
        Some(libc::EPIPE) => "EPIPE",
        Some(libc::ETIMEDOUT) => "ETIMEDOUT",
        _ => return error.to_string(),
    };
    name.to_owned()
}

/// Waits for the result of `work`, but not forever.
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
