//! A client that a test drives: one command in JSON for each line of standard input, one
//! line of output for each thing that happens. chat-app/interop/node runs it against
//! Node's server.
//!
//! ```text
//! in   ["open", "/chat", {"token": "t"}]      out  ["connect", "/chat", id, recovered]
//! in   ["close", "/chat"]                     out  ["connect_error", "/chat", message, data]
//! in   ["emit", "/chat", "name", value]       out  ["disconnect", "/chat", reason]
//! in   ["emit bytes", "/chat", "name", [1]]   out  ["event", "/chat", "name", "[…]", [[1]]]
//! in   ["ask", "/chat", 7, "name", value]     out  ["ack", 7, "[…]"] or ["no ack", 7, why]
//! ```

use std::time::Duration;

use clap::Parser;
use serde_json::{Value, json};
use socket_io::client::{
    Client, Config, ConnectFailure, DisconnectReason, Reconnect, Socket,
};
use socket_io::{Args, Binary};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[derive(Parser)]
#[command(about = "A client that a test drives by lines of JSON")]
struct Options {
    /// The server
    #[arg(long)]
    url: String,
}

fn print(line: Value) {
    println!("{line}");
}

fn attachments(args: &Args) -> Vec<Vec<u8>> {
    args.attachments().iter().map(|it| it.to_vec()).collect()
}

fn listen(socket: &Socket) {
    socket.on_connect(async |socket: Socket| {
        let (name, id) = (socket.namespace(), socket.id());
        print(json!(["connect", name, id.as_deref(), socket.recovered()]));
    });
    socket.on_connect_error(async |socket: Socket, failure: ConnectFailure| {
        let (message, data) = match failure {
            ConnectFailure::Refused(error) => (error.message, error.data),
            other => (other.to_string(), None),
        };
        print(json!(["connect_error", socket.namespace(), message, data]));
    });
    socket.on_disconnect(async |socket: Socket, reason: DisconnectReason| {
        print(json!([
            "disconnect",
            socket.namespace(),
            reason.to_string()
        ]));
    });
    socket.on_any(async |socket: Socket, event: String, args: Args| {
        let (name, bytes) = (socket.namespace(), attachments(&args));
        print(json!(["event", name, event, args.json(), bytes]));
    });
    socket.on("question", async |_: Socket, args: Args| args);
}

fn ask(socket: &Socket, number: &Value, event: &str, value: Value) {
    let (number, question) = (number.clone(), socket.emit_with_ack::<Args>(event, value));
    tokio::spawn(async move {
        print(match question.await {
            Ok(args) => json!(["ack", number, args.json()]),
            Err(error) => json!(["no ack", number, error.to_string()]),
        });
    });
}

fn carry_out(client: &Client, command: &[Value]) -> Option<()> {
    let text = |index: usize| command.get(index)?.as_str();
    let value = |index: usize| command.get(index).cloned().unwrap_or_default();
    let socket = client.of(text(1)?);
    match text(0)? {
        "open" => {
            if !value(2).is_null() {
                socket.set_auth(value(2)).ok()?;
            }
            // Once for each namespace.
            if value(3).is_null() {
                listen(&socket);
            }
            socket.open();
        }
        "close" => socket.disconnect(),
        "emit" => socket.emit(text(2)?, value(3)).ok()?,
        "emit bytes" => {
            let bytes: Vec<u8> = serde_json::from_value(value(3)).ok()?;
            socket.emit(text(2)?, Binary::from(bytes)).ok()?;
        }
        "ask" => ask(&socket, &value(2), text(3)?, value(4)),
        _ => return None,
    }
    Some(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Options { url } = Options::parse();
    let config = Config {
        reconnect: Some(Reconnect {
            first_delay: Duration::from_millis(20),
            max_delay: Duration::from_millis(100),
            ..Reconnect::default()
        }),
        ..Config::default()
    };
    let client = Client::new(&url, config)?;
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let command: Vec<Value> = serde_json::from_str(&line)?;
        if carry_out(&client, &command).is_none() {
            print(json!(["not done", line]));
        }
    }
    client.close(Duration::from_secs(5)).await;
    Ok(())
}
