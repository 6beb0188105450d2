//! `server.py` of slide 12: accepts connections on port 8089 and prints what clients
//! send.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use sockets::mended::{self, Ending};
use sockets::{by_hand, talk};

/// The talk's server: prints each line that a client sends and sends it back.
#[derive(Parser)]
struct Flags {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    bind: Ipv4Addr,
    /// The port to listen on; 0 means any free port.
    #[arg(long, default_value_t = talk::PORT)]
    port: u16,
    /// Which library makes the calls.
    #[arg(long, value_enum, default_value = "rustix")]
    with: With,
    /// Do what slide 12 does: one recv(64) per client, no answer.
    #[arg(long)]
    as_shown: bool,
    /// Exit after this many clients.
    #[arg(long)]
    clients: Option<usize>,
    /// Close a connection that has been silent for this many seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum With {
    /// rustix, call by call.
    Rustix,
    /// The standard library.
    Std,
}

fn main() -> ExitCode {
    terminal::run("server", |flags: Flags| -> anyhow::Result<()> {
        let address = SocketAddrV4::new(flags.bind, flags.port);
        serve(&flags, address).with_context(|| format!("cannot serve on {address}"))?;
        Ok(())
    })
}

fn serve(flags: &Flags, address: SocketAddrV4) -> Result<()> {
    let clients = flags.clients.unwrap_or(usize::MAX);
    let timeout = Duration::from_secs(flags.timeout);
    match (flags.with, flags.as_shown) {
        (With::Rustix, true) => {
            let server = talk::open(address).map_err(taken)?;
            say_where(rustix::net::getsockname(&server)?.try_into()?);
            talk::serve(&server, clients, &mut Screen)?;
        }
        (With::Std, true) => {
            let server = TcpListener::bind(address).map_err(taken)?;
            say_where(server.local_addr()?);
            talk::serve_std(&server, clients, &mut Screen)?;
        }
        (With::Rustix, false) => {
            let server = by_hand::Listener::open(address.into(), 128).map_err(taken)?;
            say_where(server.local_addr()?);
            each_in_a_thread(clients, || {
                let stream = server.accept()?;
                stream.give_up_after(timeout)?;
                let peer = stream.peer_addr()?;
                Ok((stream, peer))
            })?;
        }
        (With::Std, false) => {
            let server = TcpListener::bind(address).map_err(taken)?;
            say_where(server.local_addr()?);
            each_in_a_thread(clients, || {
                let (stream, peer) = server.accept()?;
                // ANCHOR: timeouts
                stream.set_read_timeout(Some(timeout))?;
                stream.set_write_timeout(Some(timeout))?;
                // ANCHOR_END: timeouts
                Ok((stream, peer))
            })?;
        }
    }
    Ok(())
}

fn taken(error: io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::AddrInUse => {
            anyhow::anyhow!(
                "another program uses that port: stop it, or choose another with --port"
            )
        }
        ErrorKind::AddrNotAvailable => {
            anyhow::anyhow!("this machine does not have that address: see --bind")
        }
        ErrorKind::PermissionDenied => {
            anyhow::anyhow!(
                "ports below 1024 need privileges: choose a higher one with --port"
            )
        }
        _ => error.into(),
    }
}

fn say_where(address: SocketAddr) {
    eprintln!("server: listening on {address}");
}

/// Serves each client in its own thread, so that a silent one does not delay the others.
fn each_in_a_thread<S: Read + Write + Send + 'static>(
    clients: usize,
    mut accept: impl FnMut() -> io::Result<(S, SocketAddr)>,
) -> io::Result<()> {
    let mut threads = Vec::new();
    for _ in 0..clients {
        let (stream, peer) = match accept() {
            Ok(caller) => caller,
            // The client left before it was accepted. That must not stop the server.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ConnectionAborted | ErrorKind::NotConnected
                ) =>
            {
                continue;
            }
            Err(error) => return Err(error),
        };
        threads.retain(|thread: &thread::JoinHandle<()>| !thread.is_finished());
        threads.push(thread::Builder::new().spawn(move || attend(stream, peer))?);
    }
    for thread in threads {
        let _ = thread.join();
    }
    Ok(())
}

fn attend(stream: impl Read + Write, peer: SocketAddr) {
    match mended::converse(stream, &mut Screen) {
        Ok(Ending::BetweenLines) => {}
        Ok(Ending::InALine) => {
            eprintln!(
                "server: {peer} ended in the middle of a line, which may be incomplete"
            );
        }
        Err(error)
            if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
        {
            eprintln!("server: {peer} was silent for too long; connection closed");
        }
        Err(error) => eprintln!("server: {peer}: {error}"),
    }
}

/// Standard output, flushed after each message, so that a pipe carries it at once.
struct Screen;

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut screen = io::stdout().lock();
        screen.write_all(bytes)?;
        screen.flush()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
