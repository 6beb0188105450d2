//! A page that drives a lab, over a WebSocket: its wishes come as text, and it is told
//! what happens as JSON.

use std::io;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;
use warp::filters::ws::{Message, WebSocket};

/// The number of messages that may wait for a page. The rest is dropped: a lab must not
/// wait for its audience.
const WAITING: usize = 256;
/// How long a page may take nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// The lab's side.
pub(crate) struct Page {
    /// Where the page came from: `http://127.0.0.1:3000`.
    pub(crate) origin: String,
    wishes: mpsc::Receiver<String>,
    told: Teller,
}

/// Tells a page what happens.
#[derive(Debug, Clone)]
pub(crate) struct Teller(mpsc::Sender<Value>);

impl Teller {
    /// Says it to the page, if that still listens.
    pub(crate) fn tell(&self, what: Value) {
        let _ = self.0.try_send(what);
    }
}

impl Page {
    /// A page of that origin, what it is told, and what it wishes.
    pub(crate) fn new(
        origin: String,
    ) -> (Self, mpsc::Receiver<Value>, mpsc::Sender<String>) {
        let (teller, told) = mpsc::channel(WAITING);
        let (wish, wishes) = mpsc::channel(WAITING);
        (
            Self {
                origin,
                wishes,
                told: Teller(teller),
            },
            told,
            wish,
        )
    }

    /// What the page wants next. Waits for ever when it is gone: the lab ends then from
    /// outside.
    pub(crate) async fn wish(&mut self) -> String {
        match self.wishes.recv().await {
            Some(wish) => wish,
            None => std::future::pending().await,
        }
    }

    /// For others who have something to tell.
    pub(crate) fn teller(&self) -> Teller {
        self.told.clone()
    }

    /// Says it to the page.
    pub(crate) fn tell(&self, what: Value) {
        self.told.tell(what);
    }
}

/// Runs `lab` for the page behind `socket` until one of them ends; the other is dropped.
pub(crate) async fn drive<F>(
    socket: WebSocket,
    origin: String,
    lab: impl FnOnce(Page) -> F,
) where
    F: Future<Output = io::Result<()>>,
{
    let (page, mut told, wish) = Page::new(origin);
    let (mut to_page, mut from_page) = socket.split();
    let listen = async {
        while let Some(Ok(message)) = from_page.next().await {
            if let Ok(text) = message.to_str() {
                // A page that wishes faster than its lab can grant loses wishes.
                let _ = wish.try_send(text.to_owned());
            }
        }
    };
    let speak = async {
        while let Some(what) = told.recv().await {
            let sent =
                timeout(PATIENCE, to_page.send(Message::text(what.to_string()))).await;
            if !matches!(sent, Ok(Ok(()))) {
                return;
            }
        }
    };
    let ended = tokio::select! {
        () = listen => Ok(()),
        () = speak => Ok(()),
        ended = lab(page) => ended,
    };
    if let Err(error) = ended {
        let _ = to_page
            .send(Message::text(
                json!({ "broken": error.to_string() }).to_string(),
            ))
            .await;
    }
}
