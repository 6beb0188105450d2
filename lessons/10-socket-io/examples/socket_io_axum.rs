//! A Socket.IO server in an axum program: a page at `/`, the server at `/socket.io`, our
//! own limits below both. `--layer` mounts the server as a layer.
//!
//! ```text
//! cargo run -p lesson-10-socket-io --features example-axum --example socket_io_axum
//! ```

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use clap::Parser;
use engine_io::ServeLimits;
use socket_io::{Config, Io, Socket};
use tokio::net::TcpListener;

#[derive(Parser)]
struct Options {
    /// Where to listen on 127.0.0.1; 0 for any free port.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Mount the server as a layer.
    #[arg(long)]
    layer: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let io = Io::new(Config::default());
    io.of("/", |socket| {
        socket.on("hi", async |_: Socket, name: String| format!("hi, {name}"));
    });

    let router = Router::new().route("/", get(async || Html("<p>Sockets welcome.")));
    let router = if options.layer {
        router.layer(io.layer())
    } else {
        router.nest_service("/socket.io", io.service())
    };

    let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    // `axum::serve(listener, router)` would do, but it does not know our limits.
    let limits = ServeLimits::default();
    let ctrl_c = async { drop(tokio::signal::ctrl_c().await) };
    engine_io::tower::serve(listener, router, limits, ctrl_c).await?;
    Ok(())
}
