//! The server: every session by its id, and one clock for their heartbeats.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::config::{Config, Transport};
use crate::deadlines::Deadlines;
use crate::machine::{CloseReason, Machine};
use crate::packet::Packet;
use crate::session::{Application, Handshake, Session, Shared, now};
use crate::sid::Sid;

/// An Engine.IO server: cheap to clone, mounted by [`filter`](crate::filter()).
///
/// ```no_run
/// use engine_io::{Application, Config, Limits, Receiver, Server, Session};
/// # use std::sync::Arc;
/// # struct Echo;
/// # impl Application for Echo {
/// #     fn open(&self, session: Session) -> Arc<dyn Receiver> { unimplemented!() }
/// # }
/// # async fn example(listener: tokio::net::TcpListener) -> std::io::Result<()> {
/// let server = Server::new(Config::default(), Echo);
/// let ctrl_c = async { drop(tokio::signal::ctrl_c().await) };
/// engine_io::run(listener, engine_io::filter(&server), Limits::default(), ctrl_c).await?;
/// println!("{} are still here", server.session_count());
/// println!("{} were told to go", server.shutdown(std::time::Duration::from_secs(5)).await);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Server(Arc<Inner>);

struct Inner {
    config: Config,
    application: Box<dyn Application>,
    table: Arc<Table>,
}

/// The sessions that live, by id.
#[derive(Default)]
pub(crate) struct Table {
    sessions: Mutex<HashMap<Sid, Session>>,
    closing: AtomicBool,
    /// The last session left while the server is going down.
    empty: Notify,
    /// For the heartbeats of all of them.
    pub(crate) clock: Deadlines<Shared>,
}

impl Table {
    fn lock(&self) -> MutexGuard<'_, HashMap<Sid, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn remove(&self, sid: &Sid) {
        let (session, empty) = {
            let mut sessions = self.lock();
            (sessions.remove(sid), sessions.is_empty())
        };
        // Outside the lock: the last handle may go with it.
        drop(session);
        if empty && self.closing.load(Ordering::Acquire) {
            self.empty.notify_one();
        }
    }
}

/// The first packet of a session (Engine.IO protocol 4, "Handshake").
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OpenData<'a> {
    sid: &'a str,
    upgrades: &'a [&'a str],
    ping_interval: u128,
    ping_timeout: u128,
    max_payload: usize,
}

impl Server {
    /// A server for `application`. Its first session needs a tokio runtime around it;
    /// this does not.
    pub fn new(config: Config, application: impl Application) -> Self {
        Self(Arc::new(Inner {
            config,
            application: Box::new(application),
            table: Arc::default(),
        }))
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// How many sessions there are.
    pub fn session_count(&self) -> usize {
        self.0.table.lock().len()
    }

    /// Closes every session in peace, with what is queued for it, and takes no new ones.
    /// Returns how many were told, once they are gone or `deadline` has passed.
    pub async fn shutdown(&self, deadline: Duration) -> usize {
        let table = &self.0.table;
        table.closing.store(true, Ordering::Release);
        let sessions: Vec<Session> = table.lock().values().cloned().collect();
        for session in &sessions {
            session.close(CloseReason::ServerShutdown);
        }
        let all_gone = async {
            while !table.lock().is_empty() {
                table.empty.notified().await;
            }
        };
        if timeout(deadline, all_gone).await.is_err() {
            tracing::warn!(
                left = table.lock().len(),
                "sessions that did not leave in time"
            );
        }
        sessions.len()
    }

    /// A client wants a session over `transport`. `None` when the server is full or going
    /// down.
    pub(crate) fn open(
        &self,
        transport: Transport,
        handshake: Handshake,
    ) -> Option<Session> {
        let Inner {
            config,
            table,
            application,
        } = &*self.0;
        let sid = Sid::random();
        let upgrade = transport == Transport::Polling && config.transports.websocket;
        let open = OpenData {
            sid: sid.as_str(),
            upgrades: if upgrade { &["websocket"] } else { &[] },
            ping_interval: config.ping_interval.as_millis(),
            ping_timeout: config.ping_timeout.as_millis(),
            max_payload: config.max_payload,
        };
        let open = serde_json::to_string(&open).ok()?;
        let machine =
            Machine::new(now(), transport, config, Packet::Open(&open).encode());
        let session = Session::new(sid, handshake, table, machine);
        {
            let mut sessions = table.lock();
            if sessions.len() >= config.max_sessions
                || table.closing.load(Ordering::Acquire)
            {
                return None;
            }
            sessions.insert(sid, session.clone());
        }
        tracing::debug!(?session, transport = transport.name(), "opened");
        session.listen(&**application);
        session.start_clock();
        Some(session)
    }

    /// The session with that id, as a client wrote it.
    pub(crate) fn find(&self, sid: &str) -> Option<Session> {
        self.0.table.lock().get(&Sid::parse(sid)?).cloned()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("sessions", &self.session_count())
            .finish_non_exhaustive()
    }
}
