//! Our client against Autobahn's fuzzing server: echoes each case's messages, then has
//! the report written. `autobahn/run client` starts both.

use std::net::TcpStream;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use websocket::{CloseCode, Deflate, Error, Limits, Message, WebSocket};

const LIMITS: Limits = Limits {
    max_message: 20_000_000,
    max_fragments: 1_000_000,
};

fn main() -> ExitCode {
    let Some(server) = std::env::args().nth(1) else {
        eprintln!("usage: autobahn_client HOST:PORT");
        return ExitCode::from(2);
    };
    match run(&server) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("autobahn_client: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(server: &str) -> Result<(), Error> {
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut socket = loop {
        match connect(server, "/getCaseCount") {
            Err(Error::Io(_)) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(50));
            }
            other => break other?,
        }
    };
    let count = match socket.read()? {
        Some(Message::Text(text)) => text.parse().unwrap_or(0),
        _ => 0,
    };
    while socket.read()?.is_some() {}
    for case in 1..=count {
        // A case may well end in an error: it is what many are about.
        let _ = echo(server, case);
    }
    connect(server, "/updateReports?agent=client")?.close(CloseCode::NORMAL, "")
}

fn connect(server: &str, path: &str) -> Result<WebSocket<TcpStream>, Error> {
    let stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.set_nodelay(true)?;
    WebSocket::connect_with(stream, server, path, LIMITS, Some(Deflate::default()))
}

fn echo(server: &str, case: u32) -> Result<(), Error> {
    let mut socket = connect(server, &format!("/runCase?case={case}&agent=client"))?;
    while let Some(message) = socket.read()? {
        socket.send(&message)?;
    }
    Ok(())
}
