//! The contract example's events on socketioxide, as a peer to measure beside.

use clap::Parser;
use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef};

#[derive(Parser)]
struct Options {
    #[arg(long, default_value_t = 3000)]
    port: u16,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    // A queue that holds what the measurement sends at once: with the default of 128
    // packets messages are lost.
    let (layer, io) = SocketIo::builder().max_buffer_size(16 * 1024).build_layer();
    io.ns("/", async |socket: SocketRef| {
        socket.on("echo", async |Data::<Value>(value), ack: AckSender| {
            let _ = ack.send(&value);
        });
    });
    io.ns("/chat", async |socket: SocketRef| {
        socket.on(
            "join",
            async |socket: SocketRef, Data::<String>(room), ack: AckSender| {
                socket.join(room);
                let _ = ack.send(&true);
            },
        );
        socket.on(
            "nickname",
            async |socket: SocketRef, Data::<String>(name), ack: AckSender| {
                socket.extensions.insert(name.clone());
                let _ = ack.send(&(true, name));
            },
        );
        socket.on(
            "user message",
            async |socket: SocketRef, Data::<String>(text), ack: AckSender| {
                let name: String = socket.extensions.get().unwrap_or_default();
                let _ = socket
                    .to(socket.rooms())
                    .emit("msg_to_room", &(name, text))
                    .await;
                let _ = ack.send(&true);
            },
        );
    });
    let app = axum::Router::new().layer(layer);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", options.port)).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
