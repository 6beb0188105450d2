//! Shared by the tests: pairs of sockets, and waits with a deadline.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use event_loop::{Poll, Poller, Reactor, Ready};

/// How long an event can take on a busy machine before a test fails.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// Returns both ends of a connection inside this process, non-blocking.
pub(crate) fn pair() -> (Arc<TcpStream>, Arc<TcpStream>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let client = TcpStream::connect(address).expect("it listens");
    let (server, _) = listener.accept().expect("the client connects");
    for stream in [&client, &server] {
        stream.set_nonblocking(true).expect("it is ours");
    }
    (Arc::new(client), Arc::new(server))
}

/// Returns the pollers that this system has.
pub(crate) fn pollers() -> Vec<Box<dyn Poller>> {
    vec![
        Box::new(Poll::default()),
        #[cfg(target_os = "linux")]
        Box::new(event_loop::Epoll::new().expect("a descriptor is left")),
    ]
}

/// Returns a loop on each poller.
pub(crate) fn reactors() -> Vec<Reactor> {
    let reactor =
        |poller| Reactor::with(poller, Instant::now).expect("a descriptor is left");
    pollers().into_iter().map(reactor).collect()
}

/// Returns what a wait finds without waiting.
pub(crate) fn now(poller: &mut dyn Poller) -> Vec<Ready> {
    let mut ready = Vec::new();
    poller
        .wait(&mut ready, Some(Duration::ZERO))
        .expect("a wait");
    ready
}

/// Waits until a source is ready; fails if none is in time.
pub(crate) fn soon(poller: &mut dyn Poller) -> Vec<Ready> {
    let mut ready = Vec::new();
    poller.wait(&mut ready, Some(SOON)).expect("a wait");
    assert!(
        !ready.is_empty(),
        "{}: nothing was ready after {SOON:?}",
        poller.name()
    );
    ready
}

/// Turns the loop until `done` returns true; fails if it does not in time.
pub(crate) fn turn_until(
    reactor: &mut Reactor,
    what: &str,
    mut done: impl FnMut() -> bool,
) {
    let deadline = Instant::now() + SOON;
    while !done() {
        let left = deadline.checked_duration_since(Instant::now());
        let left = left.unwrap_or_else(|| panic!("{what}: not after {SOON:?}"));
        reactor.turn(Some(left)).expect("a turn");
    }
}

/// Runs `work` on another thread and returns its result; fails if there is none in time.
pub(crate) fn within<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    receiver
        .recv_timeout(SOON)
        .unwrap_or_else(|error| panic!("{what}: {error} after {SOON:?}"))
}
