//! A client of the chat in a terminal: what others say is printed, and each line that you
//! type is said.
//!
//! ```text
//! cargo run -p chat-app
//! cargo run -p lesson-10-socket-io --features client --example client -- --nickname Ann
//! ```

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde_json::Value;
use socket_io::client::{Client, Config, ConnectFailure, DisconnectReason, Socket};
use socket_io::{AckError, Args};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[derive(Parser)]
#[command(about = "The chat in a terminal")]
struct Options {
    /// Where the chat is
    #[arg(long, default_value = "http://127.0.0.1:5000")]
    url: String,
    /// The room to join
    #[arg(long, default_value = "lobby")]
    room: String,
    /// Your name
    #[arg(long, default_value = "Terminal")]
    nickname: String,
}

/// Takes a seat: again after each reconnection, unless the server has kept it.
async fn sit_down(chat: &Socket, room: &str, nickname: &str) -> Result<(), AckError> {
    if chat.recovered() {
        return Ok(());
    }
    for (event, value) in [("join", room), ("nickname", nickname)] {
        let (ok, reason): (bool, Option<String>) =
            chat.emit_with_ack(event, value).await?;
        if !ok {
            eprintln!("{event} {value}: {}", reason.unwrap_or_default());
        }
    }
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let Options {
        url,
        room,
        nickname,
    } = Options::parse();
    let client = match Client::new(&url, Config::default()) {
        Ok(client) => client,
        Err(error) => {
            eprintln!("{url}: {error}");
            return ExitCode::from(2);
        }
    };
    let chat = client.of("/chat");
    chat.on(
        "msg_to_room",
        async |_: Socket, from: String, text: String, _meta: Value| {
            println!("{from}: {text}");
        },
    );
    chat.on("announcement", async |_: Socket, text: String| {
        println!("* {text}");
    });
    chat.on("nicknames", async |_: Socket, args: Args| {
        println!("* here: {}", args.json());
    });
    chat.on_connect(move |chat: Socket| {
        let (room, nickname) = (room.clone(), nickname.clone());
        async move {
            if let Err(error) = sit_down(&chat, &room, &nickname).await {
                eprintln!("* no seat: {error}");
            }
        }
    });
    chat.on_connect_error(async |_: Socket, error: ConnectFailure| {
        eprintln!("* {error}");
    });
    chat.on_disconnect(async |_: Socket, reason: DisconnectReason| {
        eprintln!("* disconnected: {reason}");
    });
    chat.open();

    let mut lines = BufReader::new(stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        // Acknowledged means stored.
        match chat.emit_with_ack::<Args>("user message", &*line).await {
            Ok(answer) if answer.json().starts_with("[true") => {}
            Ok(answer) => eprintln!("* not sent: {}", answer.json()),
            Err(error) => eprintln!("* not sent: {error}"),
        }
    }
    client.close(Duration::from_secs(5)).await;
    ExitCode::SUCCESS
}
