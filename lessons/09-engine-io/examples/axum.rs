//! The echo server below axum: a page at `/`, sessions below `/engine.io`.
//!
//! ```text
//! cargo run -p lesson-09-engine-io --features example-axum --example axum
//! ```

use std::sync::Arc;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use engine_io::{
    Application, CloseReason, Config, EncodedMessage, Message, Receiver, ServeLimits,
    Server, Session,
};
use tokio::net::TcpListener;

struct Echo;
struct EchoSession(Session);

impl Application for Echo {
    fn open(&self, session: Session) -> Arc<dyn Receiver> {
        Arc::new(EchoSession(session))
    }
}

impl Receiver for EchoSession {
    fn message(&self, message: Message<'_>) {
        if let Message::Text(text) = message {
            let _ = self.0.send(&EncodedMessage::text(text));
        }
    }

    fn close(&self, _: CloseReason) {}
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let server = Server::new(Config::default(), Echo);
    // ANCHOR: router
    let router = Router::new()
        .route("/", get(async || Html("<p>Sessions are below /engine.io.")))
        .nest_service("/engine.io", engine_io::tower::service(&server));
    // ANCHOR_END: router
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("Listening on http://{}", listener.local_addr()?);
    // `axum::serve(listener, router)` would do, but it does not know our limits.
    let limits = ServeLimits::default();
    let ctrl_c = async { drop(tokio::signal::ctrl_c().await) };
    engine_io::tower::serve(listener, router, limits, ctrl_c).await?;
    Ok(())
}
