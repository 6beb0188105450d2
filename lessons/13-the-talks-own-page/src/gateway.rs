//! The gateway: every session of a client of old times, by its id, and which request
//! belongs to which.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use engine_io::Server;
use engine_io::front::FrontRequest;
use http::StatusCode;
use tokio::task::JoinSet;
use tokio::time::sleep;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::config::Config;
use crate::machine::Machine;
use crate::memo::Memo;
use crate::response::plain;
use crate::seat::Seat;
use crate::{v3, v09};

/// How often sessions that have ended are forgotten.
const TIDY: Duration = Duration::from_secs(1);

/// The sessions, and what they share.
pub(crate) struct Gateway {
    pub(crate) server: Server,
    pub(crate) config: Config,
    seats: Mutex<HashMap<Box<str>, Arc<Seat>>>,
    /// For each of the two kinds of clients.
    memos: [Arc<Memo>; 2],
    /// The task that forgets the sessions that have ended, while there are any. It ends
    /// with the gateway.
    tidying: Mutex<Option<JoinSet<()>>>,
}

/// The kind of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generation {
    V09,
    V3,
}

impl Gateway {
    fn new(server: &Server, config: Config) -> Self {
        Self {
            server: server.clone(),
            config,
            seats: Mutex::default(),
            memos: Default::default(),
            tidying: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<Seat>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a session that lives, by its id. The two kinds do not find each other's.
    pub(crate) fn find(&self, kind: Generation, sid: &str) -> Option<Arc<Seat>> {
        let key = key(kind, sid);
        self.lock().get(&*key).cloned()
    }

    /// Opens a session for the client of a request.
    ///
    /// # Errors
    /// The server's refusal.
    pub(crate) async fn open<M: Machine + 'static>(
        self: &Arc<Self>,
        kind: Generation,
        request: &FrontRequest,
        machine: impl FnOnce(&str) -> M,
    ) -> Result<Arc<Seat>, engine_io::Refusal> {
        let carrier = request.open().await?;
        let machine = machine(carrier.session().id());
        let memo = self.memos[kind as usize].clone();
        let budget = self.server.config().outbound_budget;
        let seat = Arc::new(Seat::new(carrier, machine, memo, budget));
        self.lock().insert(key(kind, seat.id()), seat.clone());
        self.tidy();
        Ok(seat)
    }

    /// Forgets a session at once.
    pub(crate) fn forget(&self, kind: Generation, sid: &str) {
        let gone = self.lock().remove(&*key(kind, sid));
        drop(gone);
    }

    /// Starts the task that forgets sessions that have ended, unless it runs. It ends
    /// with the last session.
    fn tidy(self: &Arc<Self>) {
        let mut tidying = self.tidying.lock().unwrap_or_else(PoisonError::into_inner);
        if tidying.is_none() {
            let task = tidying.insert(JoinSet::new());
            task.spawn(tidy(Arc::downgrade(self)));
        }
    }
}

async fn tidy(gateway: Weak<Gateway>) {
    loop {
        sleep(TIDY).await;
        let Some(gateway) = gateway.upgrade() else {
            return;
        };
        let gone: Vec<_> = {
            let mut seats = gateway.lock();
            let gone = seats.extract_if(|_, seat| seat.has_ended());
            gone.collect()
        };
        drop(gone);
        // Under the lock of the task: a session that opens now starts the next task.
        let mut tidying = gateway
            .tidying
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if gateway.lock().is_empty() {
            *tidying = None;
            return;
        }
    }
}

fn key(kind: Generation, sid: &str) -> Box<str> {
    let prefix = match kind {
        Generation::V09 => '0',
        Generation::V3 => '3',
    };
    format!("{prefix}{sid}").into()
}

/// Mounts the gateway in front of a server: it claims the requests of clients of old
/// times, and rejects all others, so that the server's own filter can follow.
///
/// ```no_run
/// # async fn example(listener: tokio::net::TcpListener) -> std::io::Result<()> {
/// use socket_io::{Io, Socket};
/// use warp::Filter;
///
/// let io = Io::default();
/// io.of("/chat", |socket| {
///     socket.on("nickname", async |_: Socket, name: String| (true, name));
/// });
/// let old = heritage::filter(io.engine(), heritage::Config::default());
/// let routes = old.or(io.filter());
/// let limits = engine_io::ServeLimits::default();
/// engine_io::run(listener, routes, limits, std::future::pending()).await
/// # }
/// ```
pub fn filter(server: &Server, config: Config) -> BoxedFilter<(Response,)> {
    let path: Arc<str> = server.config().path.trim_end_matches('/').into();
    let protocols = config.protocols;
    let gateway = Arc::new(Gateway::new(server, config));
    let base = path.clone();
    let claims = move |path: &str, query: &str| match path.strip_prefix(&*base) {
        Some(rest) if protocols.v09 && is_v09(rest) => true,
        Some("" | "/") => protocols.v3 && is_v3(query),
        _ => false,
    };
    engine_io::front::front(server, claims, move |request| {
        let (gateway, path) = (gateway.clone(), path.clone());
        async move {
            let rest = request.path().strip_prefix(&*path).unwrap_or_default();
            if is_v09(rest) {
                v09::serve(&gateway, request, path.len()).await
            } else {
                v3::serve(&gateway, request).await
            }
            .unwrap_or_else(|status| plain(status, ""))
        }
    })
}

/// `/1/…`: the version of the protocol is a part of the path.
fn is_v09(rest: &str) -> bool {
    let rest = rest.strip_prefix("/1");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_v3(query: &str) -> bool {
    parameter(query, "EIO").as_deref() == Some("3")
}

/// Returns the first parameter of this name.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let value = pairs.find(|(key, _)| key == name);
    value.map(|(_, value)| value.into_owned())
}

pub(crate) type Outcome = Result<Response, StatusCode>;

#[cfg(test)]
mod tests {
    use engine_io::{Application, Message, Receiver, Session};
    use tokio::runtime::Handle;

    use super::*;

    struct Nothing;

    impl Application for Nothing {
        fn open(&self, _: Session) -> Arc<dyn Receiver> {
            Arc::new(Self)
        }
    }

    impl Receiver for Nothing {
        fn message(&self, _: Message<'_>) {}

        fn close(&self, _: engine_io::CloseReason) {}
    }

    #[tokio::test(start_paused = true)]
    async fn the_task_that_tidies_ends_with_the_gateway() {
        let alive = || Handle::current().metrics().num_alive_tasks();
        let server = Server::new(engine_io::Config::default(), Nothing);
        let before = alive();
        let gateway = Arc::new(Gateway::new(&server, Config::default()));
        gateway.tidy();
        gateway.tidy();
        assert_eq!(alive(), before + 1);
        drop(gateway);
        // The clock stands still: the task must not end by itself.
        tokio::task::yield_now().await;
        assert_eq!(alive(), before);
    }
}
