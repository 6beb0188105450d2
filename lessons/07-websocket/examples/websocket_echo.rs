//! An echo server three ways: in threads, in coroutines, and with tungstenite. Our own
//! two differ in a line; the third shows what a library does for you, and that it does
//! the same.
//!
//! ```text
//! cargo run -p lesson-07-websocket --example websocket_echo -- --with may --port 9001
//! ```

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use websocket::{Deflate, Limits, Origins, WebSocket};

#[derive(Parser)]
#[command(about = "A WebSocket server that sends every message back")]
struct Arguments {
    /// How a connection is served
    #[arg(long, value_enum, default_value_t = With::Threads)]
    with: With,
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 9001)]
    port: u16,
    /// The most bytes in a message
    #[arg(long, default_value_t = 1_000_000)]
    max_message: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum With {
    Threads,
    May,
    Tungstenite,
}

/// A peer that sends nothing for this long is gone.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match serve(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!(
                "websocket_echo: cannot serve on port {}: {error}",
                arguments.port
            );
            ExitCode::from(2)
        }
    }
}

fn serve(arguments: &Arguments) -> std::io::Result<()> {
    let limits = Limits {
        max_message: arguments.max_message,
        max_fragments: 1_000_000,
    };
    let address = (Ipv4Addr::LOCALHOST, arguments.port);
    if let With::May = arguments.with {
        let listener = may::net::TcpListener::bind(address)?;
        println!("Listening on ws://{}", listener.local_addr()?);
        return coroutines(&listener, limits);
    }
    let listener = TcpListener::bind(address)?;
    println!("Listening on ws://{}", listener.local_addr()?);
    if let With::Threads = arguments.with {
        threads(&listener, limits)
    } else {
        library(&listener, limits)
    }
}

// ANCHOR: threads
fn threads(listener: &TcpListener, limits: Limits) -> std::io::Result<()> {
    for stream in listener.incoming() {
        let stream = stream?;
        stream.set_read_timeout(Some(PATIENCE))?;
        thread::spawn(move || echo(stream, limits));
    }
    Ok(())
}
// ANCHOR_END: threads

// ANCHOR: may
fn coroutines(listener: &may::net::TcpListener, limits: Limits) -> std::io::Result<()> {
    for stream in listener.incoming() {
        let stream = stream?;
        stream.set_read_timeout(Some(PATIENCE))?;
        may::go!(move || echo(stream, limits));
    }
    Ok(())
}
// ANCHOR_END: may

// ANCHOR: echo
/// Sends every message back, over anything that carries bytes.
fn echo(stream: impl Read + Write, limits: Limits) {
    let deflate = Some(Deflate::default());
    let accepted = WebSocket::accept_with(stream, &Origins::Any, limits, deflate);
    // A client that was refused has received the reason; one that left reads nothing.
    let Ok((mut socket, _)) = accepted else {
        return;
    };
    while let Ok(Some(message)) = socket.read() {
        if socket.send(&message).is_err() {
            return;
        }
    }
}
// ANCHOR_END: echo

// ANCHOR: tungstenite
fn library(listener: &TcpListener, limits: Limits) -> std::io::Result<()> {
    for stream in listener.incoming() {
        let stream = stream?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let config = tungstenite::protocol::WebSocketConfig::default()
            .max_message_size(Some(limits.max_message))
            .max_frame_size(Some(limits.max_message));
        thread::spawn(move || {
            let Ok(mut socket) = tungstenite::accept_with_config(stream, Some(config))
            else {
                return;
            };
            while let Ok(message) = socket.read() {
                if (message.is_text() || message.is_binary())
                    && socket.send(message).is_err()
                {
                    return;
                }
            }
        });
    }
    Ok(())
}
// ANCHOR_END: tungstenite
