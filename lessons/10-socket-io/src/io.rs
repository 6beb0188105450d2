//! The server: namespaces by name, on an Engine.IO server.

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use engine_io::{Application, Deadlines, Receiver, Server, Session};
use serde_json::Value;
use warp::Filter;
use warp::filters::BoxedFilter;

use crate::connection::Connection;
use crate::namespace::{Namespace, OnConnect};
use crate::recovery::Recovery;
use crate::socket::Socket;

/// What one client may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Attachments of one packet. Default 10.
    pub max_attachments: usize,
    /// Bytes of one packet's attachments together. Default 4 MiB.
    pub max_attachment_bytes: usize,
    /// Nesting of JSON. Default 64.
    pub max_depth: usize,
    /// Rooms of one socket. Default 100.
    pub max_rooms: usize,
    /// Bytes of a room's name. Default 256.
    pub max_room_name: usize,
    /// Bytes of the payload with which a client joins a namespace; it is kept with the
    /// socket. Default 16 KiB.
    pub max_auth: usize,
    /// Bytes of the name of a namespace that a predicate makes. Default 256.
    pub max_namespace_name: usize,
    /// Namespaces of one connection. Default 100.
    pub max_namespaces: usize,
    /// Bytes of events that wait for a socket's handlers before its connection is read
    /// no further. Default 256 KiB.
    pub max_inbox: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_attachments: 10,
            max_attachment_bytes: 4 << 20,
            max_depth: 64,
            max_rooms: 100,
            max_room_name: 256,
            max_auth: 16 << 10,
            max_namespace_name: 256,
            max_namespaces: 100,
            max_inbox: 256 << 10,
        }
    }
}

/// A server's settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The sessions below: path (`/socket.io/` by default), heartbeat, payload size,
    /// transports, origins.
    pub engine: engine_io::Config,
    /// How long a client may take to join a namespace, and an event's attachments to
    /// arrive. Default 45 s.
    pub connect_timeout: Duration,
    /// Whether clients that were away get what they missed. Default not.
    pub recovery: Option<Recovery>,
    /// What one client may ask for.
    pub limits: Limits,
    /// How many namespaces predicates may make. Default 1,000.
    pub max_dynamic_namespaces: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            engine: engine_io::Config {
                path: "/socket.io/".into(),
                ..engine_io::Config::default()
            },
            connect_timeout: Duration::from_secs(45),
            recovery: None,
            limits: Limits::default(),
            max_dynamic_namespaces: 1000,
        }
    }
}

/// A Socket.IO server: a cheap handle.
#[derive(Clone)]
pub struct Io(Arc<IoInner>);

pub(crate) struct IoInner {
    pub(crate) config: Config,
    pub(crate) deadlines: Deadlines<Connection>,
    engine: OnceLock<Server>,
    namespaces: Mutex<Namespaces>,
}

struct Namespaces {
    fixed: HashMap<Box<str>, Namespace>,
    /// Made by a predicate, with how many sockets are in them or about to be.
    made: HashMap<Box<str>, (Namespace, usize)>,
    rules: Vec<Rule>,
}

type Predicate = Arc<dyn Fn(&str, &Value) -> bool + Send + Sync>;

#[derive(Clone)]
struct Rule {
    matches: Predicate,
    on_connect: OnConnect,
}

impl Default for Io {
    fn default() -> Self {
        Self::new(Config::default())
    }
}

impl Io {
    /// A server with the namespace `/` and no handlers.
    pub fn new(config: Config) -> Self {
        let main = Namespace::new("/", Arc::new(|_| {}), false, config.recovery);
        Self(Arc::new(IoInner {
            config,
            deadlines: Deadlines::new(),
            engine: OnceLock::new(),
            namespaces: Mutex::new(Namespaces {
                fixed: HashMap::from([("/".into(), main)]),
                made: HashMap::new(),
                rules: Vec::new(),
            }),
        }))
    }

    /// Makes a namespace; `on_connect` is called with each socket that joins it, and sets
    /// its handlers. A second call with the same name makes it anew.
    pub fn of(
        &self,
        name: &str,
        on_connect: impl Fn(Socket) + Send + Sync + 'static,
    ) -> Namespace {
        let name = normal(name);
        let namespace =
            Namespace::new(&name, Arc::new(on_connect), false, self.0.config.recovery);
        self.0.lock().fixed.insert(name.into(), namespace.clone());
        namespace
    }

    /// Lets clients make namespaces: those whose name and auth payload the predicate
    /// accepts. One lives as long as somebody is in it; who was alone there and comes
    /// back starts afresh.
    ///
    /// ```
    /// # let io = socket_io::Io::default();
    /// io.of_dynamic(|name, _auth| name.starts_with("/team-"), |socket| {
    ///     socket.emit("welcome", socket.namespace().name());
    /// });
    /// ```
    pub fn of_dynamic(
        &self,
        matches: impl Fn(&str, &Value) -> bool + Send + Sync + 'static,
        on_connect: impl Fn(Socket) + Send + Sync + 'static,
    ) {
        let rule = Rule {
            matches: Arc::new(matches),
            on_connect: Arc::new(on_connect),
        };
        self.0.lock().rules.push(rule);
    }

    /// The namespace of that name, if there is one now.
    pub fn namespace(&self, name: &str) -> Option<Namespace> {
        let name = normal(name);
        let namespaces = self.0.lock();
        let made = || {
            namespaces
                .made
                .get(&*name)
                .map(|(namespace, _)| namespace.clone())
        };
        namespaces.fixed.get(&*name).cloned().or_else(made)
    }

    /// The server as a warp filter, mounted under [`Config::engine`]'s path.
    pub fn filter(&self) -> BoxedFilter<(warp::reply::Response,)> {
        let io = self.clone();
        // The engine knows the server only weakly; the filter keeps it alive.
        engine_io::filter(self.engine())
            .map(move |response| {
                let _ = &io;
                response
            })
            .boxed()
    }

    /// The Engine.IO server below.
    pub fn engine(&self) -> &Server {
        self.0.engine.get_or_init(|| {
            Server::new(self.0.config.engine.clone(), Door(Arc::downgrade(&self.0)))
        })
    }

    /// Closes every connection in peace and takes no new ones. Clients try to come back,
    /// to this server's successor. Returns how many connections there were.
    ///
    /// ```no_run
    /// # async fn example(io: socket_io::Io, listener: tokio::net::TcpListener) -> std::io::Result<()> {
    /// let (stop, stopping) = tokio::sync::oneshot::channel::<()>();
    /// let server = engine_io::run(listener, io.filter(), engine_io::Limits::default(), async { drop(stopping.await) });
    /// let end = async {
    ///     tokio::signal::ctrl_c().await?;
    ///     drop(stop);
    ///     Ok(io.shutdown(std::time::Duration::from_secs(5)).await)
    /// };
    /// let ((), closed) = tokio::try_join!(server, end)?;
    /// println!("closed {closed} connections");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shutdown(&self, deadline: Duration) -> usize {
        self.engine().shutdown(deadline).await
    }
}

/// A name with its slash.
fn normal(name: &str) -> String {
    if name.starts_with('/') {
        name.to_owned()
    } else {
        format!("/{name}")
    }
}

/// Where sessions come in.
struct Door(Weak<IoInner>);

impl Application for Door {
    fn open(&self, session: Session) -> Arc<dyn Receiver> {
        match self.0.upgrade() {
            Some(io) => Connection::open(&io, session),
            None => Arc::new(Nobody),
        }
    }
}

/// The server is gone; the last sessions say things to nobody.
struct Nobody;

impl Receiver for Nobody {
    fn message(&self, _: engine_io::Message<'_>) {}
    fn close(&self, _: engine_io::CloseReason) {}
}

impl IoInner {
    fn lock(&self) -> MutexGuard<'_, Namespaces> {
        self.namespaces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The namespace for a client that wants in. [`release`](Self::release) follows when
    /// it is out again.
    pub(crate) fn find(&self, name: &str, auth: &Value) -> Option<Namespace> {
        let rules = {
            let mut namespaces = self.lock();
            if let Some(namespace) = namespaces.fixed.get(name) {
                return Some(namespace.clone());
            }
            if let Some((namespace, users)) = namespaces.made.get_mut(name) {
                *users += 1;
                return Some(namespace.clone());
            }
            if name.len() > self.config.limits.max_namespace_name {
                return None;
            }
            namespaces.rules.clone()
        };
        // The predicate is the application's: it runs without the lock, and one that
        // panics has not said yes.
        let rule = rules.into_iter().find(|rule| {
            catch_unwind(AssertUnwindSafe(|| (rule.matches)(name, auth))).unwrap_or_else(
                |_| {
                    tracing::error!(namespace = name, "a namespace's predicate panicked");
                    false
                },
            )
        })?;
        let mut namespaces = self.lock();
        if !namespaces.made.contains_key(name)
            && namespaces.made.len() >= self.config.max_dynamic_namespaces
        {
            return None;
        }
        let (namespace, users) =
            namespaces.made.entry(name.into()).or_insert_with(|| {
                (
                    Namespace::new(name, rule.on_connect, true, self.config.recovery),
                    0,
                )
            });
        *users += 1;
        Some(namespace.clone())
    }

    /// A socket is out of a namespace.
    pub(crate) fn release(&self, namespace: &Namespace) {
        if !namespace.is_dynamic() {
            return;
        }
        let mut namespaces = self.lock();
        if let Some((_, users)) = namespaces.made.get_mut(namespace.name()) {
            *users -= 1;
            if *users == 0 {
                namespaces.made.remove(namespace.name());
            }
        }
    }
}

impl fmt::Debug for Io {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Io")
            .field("path", &self.0.config.engine.path)
            .finish_non_exhaustive()
    }
}
