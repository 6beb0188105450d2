//! `client.py` of slide 13: connects to port 8089 and sends `hello`.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use sockets::{by_hand, mended, talk};

/// The talk's client: sends one line and prints the line that comes back.
#[derive(Parser)]
struct Flags {
    /// The line to send.
    #[arg(default_value = "hello")]
    message: String,
    /// The server's address.
    #[arg(long, default_value = "127.0.0.1")]
    host: Ipv4Addr,
    /// The server's port.
    #[arg(long, default_value_t = talk::PORT)]
    port: u16,
    /// Which library makes the calls.
    #[arg(long, value_enum, default_value = "rustix")]
    with: With,
    /// Do what slide 13 does: one send, no newline, no wait for an answer.
    #[arg(long)]
    as_shown: bool,
    /// Give up after this many seconds without an answer.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=86_400))]
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
    terminal::run("client", |flags: Flags| -> anyhow::Result<()> {
        let address = SocketAddrV4::new(flags.host, flags.port);
        let answer = say(&flags, address)
            .map_err(|error| explain(&flags, error))
            .with_context(|| format!("cannot talk to {address}"))?;
        if let Some(answer) = answer {
            terminal::say(answer);
        }
        Ok(())
    })
}

fn say(flags: &Flags, address: SocketAddrV4) -> io::Result<Option<String>> {
    let timeout = Duration::from_secs(flags.timeout);
    match (flags.with, flags.as_shown) {
        (With::Rustix, true) => {
            talk::say(address, flags.message.as_bytes()).map(|_| None)
        }
        (With::Std, true) => {
            talk::say_std(address, flags.message.as_bytes()).map(|_| None)
        }
        (With::Rustix, false) => {
            let stream = by_hand::Stream::connect(address.into())?;
            stream.give_up_after(timeout)?;
            mended::ask(stream, &flags.message).map(Some)
        }
        (With::Std, false) => {
            let stream = TcpStream::connect_timeout(&address.into(), timeout)?;
            stream.set_read_timeout(Some(timeout))?;
            stream.set_write_timeout(Some(timeout))?;
            mended::ask(stream, &flags.message).map(Some)
        }
    }
}

fn explain(flags: &Flags, error: io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::ConnectionRefused => anyhow::anyhow!(
            "no server is listening there: start `cargo run -p lesson-04-sockets --bin \
             server` first, or choose another port with --port"
        ),
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            anyhow::anyhow!(
                "the line was sent, but no line came back within {} s",
                flags.timeout
            )
        }
        ErrorKind::UnexpectedEof => {
            anyhow::anyhow!(
                "the server closed the connection before a complete line came back"
            )
        }
        _ => error.into(),
    }
}
