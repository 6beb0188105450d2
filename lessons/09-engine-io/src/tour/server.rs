//! The server that the tour talks to: the real one, with an application that answers.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use engine_io::{
    Application, CloseReason, Config, EncodedMessage, Message, Receiver, ServeLimits,
    Server, Session,
};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A running server.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Why each session ended.
    pub(crate) ended: mpsc::Receiver<CloseReason>,
    server: Server,
    _runtime: Runtime,
}

/// Answers each text with the same text and `suffix`.
struct Answering {
    suffix: &'static str,
    ended: mpsc::Sender<CloseReason>,
}

struct One {
    session: Session,
    suffix: &'static str,
    ended: mpsc::Sender<CloseReason>,
}

impl Application for Answering {
    fn open(&self, session: Session) -> Arc<dyn Receiver> {
        Arc::new(One {
            session,
            suffix: self.suffix,
            ended: self.ended.clone(),
        })
    }
}

impl Receiver for One {
    fn message(&self, message: Message<'_>) {
        let answer = match message {
            Message::Text(text) => {
                EncodedMessage::text(&format!("{text}{}", self.suffix))
            }
            Message::Binary(bytes) => EncodedMessage::binary(&bytes),
        };
        // If the session has ended, nobody needs the answer.
        let _ = self.session.send(&answer);
    }

    fn close(&self, reason: CloseReason) {
        let _ = self.ended.send(reason);
    }
}

/// Starts the server on a free port.
pub(crate) fn start(
    suffix: &'static str,
    ping_interval: Duration,
    ping_timeout: Duration,
) -> std::io::Result<Running> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    let address = listener.local_addr()?;
    let (sender, ended) = mpsc::channel();
    let config = Config {
        ping_interval,
        ping_timeout,
        ..Config::default()
    };
    let server = Server::new(
        config,
        Answering {
            suffix,
            ended: sender,
        },
    );
    let filter = engine_io::filter(&server);
    runtime.spawn(engine_io::run(
        listener,
        filter,
        ServeLimits::default(),
        std::future::pending(),
    ));
    Ok(Running {
        address,
        ended,
        server,
        _runtime: runtime,
    })
}

impl Running {
    /// How many sessions there are.
    pub(crate) fn sessions(&self) -> usize {
        self.server.session_count()
    }
}
