//! The parts of the tour, one file each, and how they print.

pub(crate) mod cancel;
pub(crate) mod echo;
pub(crate) mod executor;
pub(crate) mod files;
pub(crate) mod hold;
pub(crate) mod readiness;
pub(crate) mod slow;
pub(crate) mod timers;
pub(crate) mod trigger;
pub(crate) mod wake;

use std::fmt::Display;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

use event_loop::{Poll, Poller};

/// The width that all output fits.
const WIDTH: usize = 80;

pub(crate) fn heading(text: &str) {
    terminal::heading(text);
    terminal::say("");
}

pub(crate) fn row(text: impl Display) {
    terminal::say(format!("  {text}").trim_end());
}

/// Prints the sentence to remember, set apart from the rows.
pub(crate) fn found(text: &str) {
    terminal::say("");
    for (index, line) in wrapped(text, WIDTH - 3).iter().enumerate() {
        let mark = if index == 0 { "=>" } else { "  " };
        terminal::say!("{mark} {line}");
    }
    terminal::say("");
}

/// Prints what to read or try next.
pub(crate) fn next(text: &str) {
    for line in wrapped(&format!("Next: {text}"), WIDTH) {
        terminal::say(line);
    }
}

/// Breaks a text into lines of at most `width` characters, between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let (line, length) = (&mut lines[last], word.chars().count());
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + length <= width {
            *line += " ";
            *line += word;
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// Returns both ends of a connection inside this process, non-blocking.
pub(crate) fn pair() -> io::Result<(Arc<TcpStream>, Arc<TcpStream>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    client.set_nonblocking(true)?;
    server.set_nonblocking(true)?;
    Ok((Arc::new(client), Arc::new(server)))
}

/// Returns the pollers that this system has.
pub(crate) fn pollers() -> io::Result<Vec<Box<dyn Poller>>> {
    Ok(vec![
        Box::new(Poll::default()),
        #[cfg(target_os = "linux")]
        Box::new(event_loop::Epoll::new()?),
    ])
}
