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

pub(crate) fn heading(text: &str) {
    terminal::heading(text);
    terminal::say("");
}

pub(crate) fn row(text: impl Display) {
    terminal::say(format!("  {text}").trim_end());
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
