//! A server on a free port, and requests written by hand.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use transports::{Hub, Limits, Refused, serve};

/// A test that waits this long has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    pub(crate) hub: Hub,
    pub(crate) addr: SocketAddr,
    _runtime: Runtime,
}

pub(crate) fn server(limits: Limits, refused: Refused) -> Server {
    let runtime = Runtime::new().unwrap();
    let listener = runtime
        .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .unwrap();
    let (hub, addr) = (Hub::new(limits), listener.local_addr().unwrap());
    runtime.spawn(serve(listener, hub.clone(), refused));
    Server {
        hub,
        addr,
        _runtime: runtime,
    }
}

impl Server {
    /// Sends a request, with a body and its length if there is one.
    pub(crate) fn request(&self, line: &str, headers: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("content-length: {}\r\n", body.len())
        };
        let (addr, close) = (self.addr, "connection: close\r\n");
        write!(
            stream,
            "{line} HTTP/1.1\r\nhost: {addr}\r\n{close}{length}{headers}\r\n{body}"
        )
        .unwrap();
        stream
    }

    /// Returns the whole response, as text.
    pub(crate) fn answer(&self, line: &str, headers: &str, body: &str) -> String {
        let mut text = String::new();
        self.request(line, headers, body)
            .read_to_string(&mut text)
            .unwrap();
        text
    }
}

/// Waits until `is` returns true, and fails with `what` after the deadline.
pub(crate) fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !is() {
        assert!(Instant::now() < until, "not within {DEADLINE:?}: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
