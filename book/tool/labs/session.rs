//! Chapter 9's lab: an Engine.IO server behind a tunnel, with a heart that beats fast
//! enough to be watched.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use engine_io::{
    Application, CloseReason, Config, Cors, EncodedMessage, Limits, Message, Receiver,
    Server, Session,
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::page::{Page, Teller};
use super::tunnel;

/// Also how long a client may take to answer.
const HEARTBEAT: Duration = Duration::from_secs(3);

/// Tells the page what the server sees.
struct Told(Teller);

struct One {
    session: Session,
    page: Teller,
}

impl Application for Told {
    fn open(&self, session: Session) -> Arc<dyn Receiver> {
        self.0
            .tell(json!({ "server": "opened", "sid": session.id() }));
        Arc::new(One {
            session,
            page: self.0.clone(),
        })
    }
}

impl Receiver for One {
    fn message(&self, message: Message<'_>) {
        let answer = match message {
            Message::Text(text) => EncodedMessage::text(&format!("{text} to you")),
            Message::Binary(bytes) => EncodedMessage::binary(&bytes),
        };
        let transport = self.session.transport().name();
        self.page.tell(json!({ "server": "message", "sid": self.session.id(), "transport": transport }));
        // A session that has ended wants no answer.
        let _ = self.session.send(&answer);
    }

    fn close(&self, reason: CloseReason) {
        self.page.tell(json!({ "server": "closed", "sid": self.session.id(), "reason": reason.to_string() }));
    }
}

/// Serves one page: reports the address, then cuts and restores the network as the page
/// asks.
///
/// # Errors
/// Returns an error if no port is free, or if the listener fails.
pub(crate) async fn lab(mut page: Page) -> io::Result<()> {
    let bind = async || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let (entrance, listener) = (bind().await?, bind().await?);
    let (at, to) = (entrance.local_addr()?, listener.local_addr()?);
    let config = Config {
        ping_interval: HEARTBEAT,
        ping_timeout: HEARTBEAT,
        cors: Cors::Origins(vec![page.origin.clone()]),
        ..Config::default()
    };
    let server = Server::new(config, Told(page.teller()));
    let served = engine_io::run(
        listener,
        engine_io::filter(&server),
        Limits::default(),
        std::future::pending(),
    );
    let (switch, open) = watch::channel(true);
    page.tell(json!({ "at": format!("http://{at}/engine.io/") }));
    let wishes = async {
        loop {
            match page.wish().await.as_str() {
                "cut" => switch.send_replace(false),
                "mend" => switch.send_replace(true),
                _ => continue,
            };
            page.tell(json!({ "network": *switch.borrow() }));
        }
    };
    tokio::select! {
        ended = served => ended,
        ended = tunnel::carry(entrance, to, open.clone()) => ended,
        () = wishes => Ok(()),
    }
}
