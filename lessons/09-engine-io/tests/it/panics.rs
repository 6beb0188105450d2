//! A panic in the application's code costs the session that it belongs to, and no other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use engine_io::{
    Application, CloseReason, Config, EncodedMessage, Message, Receiver, ServeLimits,
    Server, Session,
};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::support::{self, Client, calm, client, get, soon};

/// Panics in the callback that the client's query names.
struct Panics(mpsc::UnboundedSender<CloseReason>);

struct PanicsIn {
    session: Session,
    ends: mpsc::UnboundedSender<CloseReason>,
}

impl PanicsIn {
    fn at(&self, callback: &str) {
        let query = &self.session.handshake().query;
        assert!(!query.contains(callback), "a test panics in {callback}");
    }
}

impl Application for Panics {
    fn open(&self, session: Session) -> Arc<dyn Receiver> {
        let receiver = PanicsIn {
            session,
            ends: self.0.clone(),
        };
        receiver.at("open");
        Arc::new(receiver)
    }
}

impl Receiver for PanicsIn {
    fn message(&self, message: Message<'_>) {
        if let Message::Text(text) = message {
            let _ = self.session.send(&EncodedMessage::text(text));
        }
        self.at("message");
    }

    fn close(&self, reason: CloseReason) {
        let _ = self.ends.send(reason);
        self.at("close");
    }
}

impl Drop for PanicsIn {
    fn drop(&mut self) {
        self.at("drop");
    }
}

struct Panicking {
    address: SocketAddr,
    server: Server,
    ends: mpsc::UnboundedReceiver<CloseReason>,
}

async fn start(config: Config) -> Panicking {
    let (sender, ends) = mpsc::unbounded_channel();
    let server = Server::new(config, Panics(sender));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let filter = engine_io::filter(&server);
    let never = std::future::pending();
    tokio::spawn(engine_io::run(
        listener,
        filter,
        ServeLimits::default(),
        never,
    ));
    Panicking {
        address,
        server,
        ends,
    }
}

impl Panicking {
    async fn websocket(&self, query: &str) -> Client {
        client(self.address, &format!("EIO=4&transport=websocket&{query}")).await
    }

    async fn end(&mut self) -> CloseReason {
        soon("an end", self.ends.recv()).await.unwrap()
    }

    async fn still_serves(&self) {
        let mut client = self.websocket("in=nothing").await;
        assert!(client.text().await.starts_with('0'));
        client.send("4hello").await;
        assert_eq!(client.text().await, "4hello");
    }
}

#[tokio::test]
async fn a_panic_in_open_leaves_no_session_behind() {
    let server = start(calm()).await;
    let response = get(server.address, "EIO=4&transport=polling&in=open").await;
    assert_eq!(response.status, 500, "{response:?}");
    assert!(server.websocket("in=open").await.end().await.is_some());
    assert_eq!(server.server.session_count(), 0);
    server.still_serves().await;
}

#[tokio::test]
async fn a_panic_in_message_ends_that_session_after_what_was_queued() {
    let mut server = start(calm()).await;
    let mut client = server.websocket("in=message").await;
    assert!(client.text().await.starts_with('0'));
    client.send("4hello").await;
    assert_eq!(client.text().await, "4hello");
    client.end().await;
    assert_eq!(server.end().await, CloseReason::Panicked);
    server.still_serves().await;
}

#[tokio::test]
async fn a_panic_in_message_answers_the_post_that_brought_it() {
    let mut server = start(calm()).await;
    let opened = get(server.address, "EIO=4&transport=polling&in=message").await;
    let sid = opened.body.split('"').nth(3).unwrap().to_owned();
    let query = format!("EIO=4&transport=polling&sid={sid}");
    let posted = support::post(server.address, &query, b"4hello\x1e4again").await;
    assert_ne!(posted.status, 0, "there is an answer");
    assert_eq!(server.end().await, CloseReason::Panicked);
    assert_eq!(get(server.address, &query).await.body, "4hello");
    server.still_serves().await;
}

#[tokio::test]
async fn a_panic_in_close_or_drop_does_not_stop_the_heartbeat_of_others() {
    for callback in ["close", "drop"] {
        let mut server = start(Config {
            ping_interval: Duration::from_millis(50),
            ping_timeout: Duration::from_secs(2),
            ..Config::default()
        })
        .await;
        let _silent = server.websocket(&format!("in={callback}")).await;
        let mut alive = server.websocket("in=nothing").await;
        assert!(alive.text().await.starts_with('0'));
        // The silent one ends in a call from the clock.
        let mut pings = 0;
        let end = loop {
            tokio::select! {
                ping = alive.text() => {
                    assert_eq!(ping, "2");
                    alive.send("3").await;
                    pings += 1;
                }
                end = server.ends.recv() => break end,
            }
        };
        assert_eq!(end, Some(CloseReason::PingTimeout));
        assert!(pings > 0);
        for _ in 0..3 {
            assert_eq!(alive.text().await, "2", "after a panic in {callback}");
            alive.send("3").await;
        }
    }
}
