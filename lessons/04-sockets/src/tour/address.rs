//! A port that is still in use, and the queue before `accept`.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Result, ensure};
use sockets::{by_hand, talk};

use super::{ANY_PORT, SOON, address_of, found, heading, name, row};

pub(crate) fn show() -> Result<()> {
    heading("A server that is started again, and callers whom nobody has accepted");
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
    row(format!("{:<40} {}", "as on the slide", again(&shown)));

    let server = by_hand::Listener::open(ANY_PORT.into(), 1)?;
    let address = server.local_addr()?;
    one_client(address, || server.accept().map(drop))?;
    drop(server);
    let server = by_hand::Listener::open(address, 1);
    let reuse = server
        .as_ref()
        .map(|_| ())
        .map_err(|error| io::Error::from(error.kind()));
    row(format!("{:<40} {}", "with SO_REUSEADDR", again(&reuse)));
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
        "std::net sets it by itself",
        if set { "yes" } else { "no" }
    ));
    if cfg!(target_os = "linux") {
        ensure!(
            shown.is_err(),
            "the port of a server that has just ended was free"
        );
    }
    ensure!(
        second.is_err() && set,
        "two servers have one port, or std does not set SO_REUSEADDR"
    );

    let server = server?;
    let mut queued = Vec::new();
    while let Ok(stream) =
        TcpStream::connect_timeout(&address, Duration::from_millis(200))
    {
        queued.push(stream);
        ensure!(queued.len() < 100, "the queue has no end");
    }
    row(format!(
        "{:<40} {}",
        "listen(1): connected and not accepted",
        queued.len()
    ));
    row(format!("{:<40} no answer within 200 ms", "the next one"));
    drop(server);
    found(
        "TIME_WAIT keeps the port of whoever closed first. A client is connected when it is queued, not when accepted.",
    );
    Ok(())
}

/// One client that the server closes first, as it does when it is stopped.
fn one_client(
    address: SocketAddr,
    accept: impl FnOnce() -> io::Result<()>,
) -> Result<()> {
    let mut client = TcpStream::connect(address)?;
    client.set_read_timeout(Some(SOON))?;
    accept()?;
    let end = client.read(&mut [0])?;
    ensure!(end == 0, "{end} bytes came in the place of the end");
    Ok(())
}
