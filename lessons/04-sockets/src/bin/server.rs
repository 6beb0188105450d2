//! `server.py` of slide 12: takes connections on port 8089 and prints what comes.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use sockets::mended::{self, Ending};
use sockets::{by_hand, talk};

/// The talk's server: prints each line that a client sends, and sends it back.
#[derive(Parser)]
struct Flags {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    bind: Ipv4Addr,
    /// The port to listen on; 0 takes any free one.
    #[arg(long, default_value_t = talk::PORT)]
    port: u16,
    /// What makes the calls.
    #[arg(long, value_enum, default_value = "rustix")]
    with: With,
    /// As on slide 12, faults and all: one recv(64) a client, no answer.
    #[arg(long)]
    as_shown: bool,
    /// End after this many clients.
    #[arg(long)]
    clients: Option<usize>,
    /// Close a connection that was silent for this many seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum With {
    /// The calls, one by one.
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
                stream.set_read_timeout(Some(timeout))?;
                stream.set_write_timeout(Some(timeout))?;
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
                "another program has that port: stop it, or choose another by --port"
            )
        }
        ErrorKind::AddrNotAvailable => {
            anyhow::anyhow!("this machine has no such address: see --bind")
        }
        ErrorKind::PermissionDenied => {
            anyhow::anyhow!("that port is not for us: choose one above 1023 by --port")
        }
        _ => error.into(),
    }
}

fn say_where(address: SocketAddr) {
    eprintln!("server: listening on {address}");
}

/// A thread for each caller, so that a silent one keeps nobody waiting.
fn each_in_a_thread<S: Read + Write + Send + 'static>(
    clients: usize,
    mut accept: impl FnMut() -> io::Result<(S, SocketAddr)>,
) -> io::Result<()> {
    let mut threads = Vec::new();
    for _ in 0..clients {
        let (stream, peer) = match accept() {
            Ok(caller) => caller,
            // It has gone again before we came to it: its loss, not the server's end.
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
                "server: {peer} ended in the middle of a line: that may be half of one"
            );
        }
        Err(error)
            if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
        {
            eprintln!("server: {peer} was silent for too long, and is closed");
        }
        Err(error) => eprintln!("server: {peer}: {error}"),
    }
}

/// Standard output, each message at once: whoever reads us through a pipe wants it now.
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
