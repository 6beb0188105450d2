//! Counts for every client that connects. Watch it with `telnet 127.0.0.1 8090` or `nc
//! 127.0.0.1 8090`.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use sockets::counter;

/// Counts for every client that connects, one number per line.
#[derive(Parser)]
struct Flags {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    bind: Ipv4Addr,
    /// The port to listen on; 0 means any free port.
    #[arg(long, default_value_t = 8090)]
    port: u16,
    /// The last number.
    #[arg(long, default_value_t = 10)]
    numbers: u32,
    /// Pause before each number, in milliseconds.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(..=60_000))]
    pause: u64,
    /// Exit after this many clients.
    #[arg(long)]
    clients: Option<usize>,
}

fn main() -> ExitCode {
    terminal::run("telnet-counter", |flags: Flags| -> anyhow::Result<()> {
        serve(&flags)?;
        Ok(())
    })
}

fn serve(flags: &Flags) -> Result<()> {
    let address = SocketAddrV4::new(flags.bind, flags.port);
    let listener = match TcpListener::bind(address) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!(
                "another program uses {address}: stop it, or choose another port with \
                 --port"
            )
        }
        bound => bound.with_context(|| {
            format!("cannot listen on {address}: see --bind and --port")
        })?,
    };
    eprintln!("telnet-counter: listening on {}", listener.local_addr()?);
    let pause = Duration::from_millis(flags.pause);
    Ok(counter::serve(
        &listener,
        flags.clients.unwrap_or(usize::MAX),
        1..=flags.numbers,
        pause,
    )?)
}
