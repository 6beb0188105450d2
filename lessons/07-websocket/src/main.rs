//! The tour of lesson 07: a handshake, frames bit by bit, a conversation, and what is
//! refused.
//!
//! `inspect` and `proxy` are tools for other people's connections.

mod tour {
    pub(crate) mod inspect;
    pub(crate) mod proxy;
    pub(crate) mod show;
}

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "WebSocket by hand: the tour, and two tools")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// A real handshake over a real connection
    Handshake,
    /// Frames, every bit named
    Frames,
    /// A server and a client talk: fragments, a ping between them, the closing handshake
    Talk,
    /// What is refused, and with which code
    Refused,
    /// Draw the frames that are given as hex, or that come in on standard input
    Inspect {
        /// Hex digits, with or without blanks between; without any, standard input is
        /// read
        hex: Vec<String>,
        /// Standard input has the bytes themselves, not hex
        #[arg(long)]
        raw: bool,
    },
    /// Stand between a client and a server, and print each frame as it passes
    Proxy {
        /// Where clients connect
        #[arg(long, default_value = "127.0.0.1:9002")]
        listen: SocketAddr,
        /// Where the server is
        #[arg(long, default_value = "127.0.0.1:5000")]
        to: String,
    },
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    terminal::run("lesson 07", |arguments: Arguments| {
        match arguments.command {
            None => [
                tour::show::handshake,
                tour::show::frames,
                tour::show::talk,
                tour::show::refused,
            ]
            .iter()
            .try_for_each(|part| part()),
            Some(Command::Handshake) => tour::show::handshake(),
            Some(Command::Frames) => tour::show::frames(),
            Some(Command::Talk) => tour::show::talk(),
            Some(Command::Refused) => tour::show::refused(),
            Some(Command::Inspect { hex, raw }) => tour::inspect::run(&hex, raw),
            Some(Command::Proxy { listen, to }) => tour::proxy::run(listen, &to),
        }
    })
}
