//! The tour of lesson 07: a handshake, frames bit by bit, a conversation, and frames that
//! are refused. `inspect` and `proxy` are tools for other connections.

mod tour {
    pub(crate) mod inspect;
    pub(crate) mod proxy;
    pub(crate) mod show;
}

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    about = "WebSocket by hand: the tour and two tools. Without a command: every part"
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Do a handshake over a real connection
    Handshake,
    /// Draw four frames, and name every bit
    Frames,
    /// Let a client and a server talk: fragments, a ping, a close
    Talk,
    /// Send frames that break a rule, and show the close codes
    Refused,
    /// Draw frames given as hex digits or on standard input
    Inspect {
        /// Hex digits, spaces allowed; without any, reads standard input
        hex: Vec<String>,
        /// Read bytes instead of hex digits from standard input
        #[arg(long)]
        raw: bool,
    },
    /// Pass frames between a client and a server, and print each of them
    Proxy {
        /// The address that clients connect to
        #[arg(long, default_value = "127.0.0.1:9002")]
        listen: SocketAddr,
        /// The address of the server
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
            .try_for_each(|part| part())
            .map(|()| {
                terminal::next(
                    "watch your own browser in the lab of chapter 7 \
                     (cargo run -p book), or draw any frame: \
                     cargo run -p lesson-07-websocket -- inspect 81 02 48 69",
                );
            }),
            Some(Command::Handshake) => tour::show::handshake(),
            Some(Command::Frames) => tour::show::frames(),
            Some(Command::Talk) => tour::show::talk(),
            Some(Command::Refused) => tour::show::refused(),
            Some(Command::Inspect { hex, raw }) => tour::inspect::run(&hex, raw),
            Some(Command::Proxy { listen, to }) => tour::proxy::run(listen, &to),
        }
    })
}
