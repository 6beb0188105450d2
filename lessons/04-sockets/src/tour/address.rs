//! `TIME_WAIT`, `SO_REUSEADDR` and the backlog.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Result, ensure};
use sockets::{by_hand, talk};

use super::{ANY_PORT, SOON, address_of, heading, name, remember, row};

pub(crate) fn show() -> Result<()> {
    heading("Starting a server again on the same port, and a full accept queue");
    let again = |result: &io::Result<()>| {
        result.as_ref().map_or_else(name, |()| "starts".to_owned())
    };

    let server = talk::open(ANY_PORT)?;
    let address = address_of(&server)?;
    one_client(address, || {
        rustix::net::accept(&server)?;
        Ok(())
    })?;
    drop(server);
    let shown = match address {
        SocketAddr::V4(address) => talk::open(address).map(drop),
        SocketAddr::V6(_) => Ok(()),
    };
    row(format!(
        "{:<40} {}",
        "restarted as on the slide",
        again(&shown)
    ));

    let server = by_hand::Listener::open(ANY_PORT.into(), 1)?;
    let address = server.local_addr()?;
    one_client(address, || server.accept().map(drop))?;
    drop(server);
    let server = by_hand::Listener::open(address, 1);
    let reuse = server
        .as_ref()
        .map(|_| ())
        .map_err(|error| io::Error::from(error.kind()));
    row(format!(
        "{:<40} {}",
        "restarted with SO_REUSEADDR",
        again(&reuse)
    ));
    let second = by_hand::Listener::open(address, 1).map(drop);
    row(format!(
        "{:<40} {}",
        "with it, while the first still runs",
        again(&second)
    ));

    let std = TcpListener::bind(ANY_PORT)?;
    let set = rustix::net::sockopt::socket_reuseaddr(&std)?;
    row(format!(
        "{:<40} {}",
        "std::net sets SO_REUSEADDR",
        if set { "yes" } else { "no" }
    ));
    if cfg!(target_os = "linux") {
        ensure!(
            shown.is_err(),
            "the port of a server that has just stopped was free"
        );
    }
    ensure!(
        second.is_err() && set,
        "two servers share a port, or std does not set SO_REUSEADDR"
    );

    let server = server?;
    let mut queued = Vec::new();
    while let Ok(stream) =
        TcpStream::connect_timeout(&address, Duration::from_millis(200))
    {
        queued.push(stream);
        ensure!(queued.len() < 100, "the queue is unbounded");
    }
    row(format!(
        "{:<40} {}",
        "listen(1): connected, not accepted",
        queued.len()
    ));
    row(format!("{:<40} no answer within 200 ms", "the next client"));
    drop(server);
    remember(
        "The side that closes first keeps the connection in TIME_WAIT. A client is \
         connected once it is in the accept queue, before accept returns it.",
        "`cargo run -p lesson-04-sockets -- nagle` shows what two small writes cost.",
    );
    Ok(())
}

/// Connects one client, whose connection the server closes first, as a server does that
/// is stopped.
fn one_client(
    address: SocketAddr,
    accept: impl FnOnce() -> io::Result<()>,
) -> Result<()> {
    let mut client = TcpStream::connect(address)?;
    client.set_read_timeout(Some(SOON))?;
    accept()?;
    let end = client.read(&mut [0])?;
    ensure!(end == 0, "expected end-of-file, got {end} bytes");
    Ok(())
}
