//! The server: namespaces by name, on an Engine.IO server.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use engine_io::{Application, Deadlines, Receiver, Server, Session};
use serde_json::Value;
use tokio::time::Instant;
use warp::Filter;
use warp::filters::BoxedFilter;

use crate::config::Config;
use crate::connection::{Connection, Host};
use crate::inbox::complain;
use crate::machine::Rules;
use crate::namespace::{Namespace, OnConnect};
use crate::socket::Socket;
use crate::tasks::{Tasks, guarded};

/// A Socket.IO server: a cheap handle.
#[derive(Clone)]
pub struct Io(Arc<IoInner>);

struct IoInner {
    config: Config,
    rules: Arc<Rules>,
    deadlines: Deadlines<Connection>,
    engine: OnceLock<Server>,
    /// Made with the first session, on the runtime that it runs on.
    tasks: OnceLock<Arc<Tasks>>,
    namespaces: Mutex<Namespaces>,
}

struct Namespaces {
    static_: HashMap<Box<str>, Namespace>,
    /// Made by a predicate, with how many sockets are in them or about to be.
    dynamic: HashMap<Box<str>, (Namespace, usize)>,
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
        let main = Namespace::new("/", Arc::new(|_| {}), false, &config);
        let rules = Arc::new(Rules {
            limits: config.limits,
            connect_timeout: config.connect_timeout,
        });
        Self(Arc::new(IoInner {
            config,
            rules,
            deadlines: Deadlines::new(),
            engine: OnceLock::new(),
            tasks: OnceLock::new(),
            namespaces: Mutex::new(Namespaces {
                static_: HashMap::from([("/".into(), main)]),
                dynamic: HashMap::new(),
                rules: Vec::new(),
            }),
        }))
    }

    /// Makes a namespace; `on_connect` is called with each socket that joins it, and sets
    /// its handlers. If it panics, the client is refused. A second call with the same name
    /// makes a new namespace in its place.
    pub fn of(
        &self,
        name: &str,
        on_connect: impl Fn(Socket) + Send + Sync + 'static,
    ) -> Namespace {
        let name = normalize(name);
        let on_connect = Arc::new(on_connect);
        let namespace = Namespace::new(&name, on_connect, false, &self.0.config);
        let before = {
            let mut namespaces = self.0.lock();
            namespaces.static_.insert(name.into(), namespace.clone())
        };
        // Without the lock: dropping it can run a user's code.
        drop(before);
        namespace
    }

    /// Lets clients make namespaces: those whose name and auth payload the predicate
    /// accepts. If it panics, it has not accepted. A namespace lives as long as a client
    /// is in it; a client that was alone there and comes back starts from scratch.
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
        let name = normalize(name);
        let namespaces = self.0.lock();
        let dynamic = || {
            namespaces
                .dynamic
                .get(&*name)
                .map(|(namespace, _)| namespace.clone())
        };
        namespaces.static_.get(&*name).cloned().or_else(dynamic)
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

    /// The server as a tower service, which answers every request that it is given: to be
    /// mounted under a path. Needs the cargo feature `tower`.
    ///
    /// ```no_run
    /// # async fn example(listener: tokio::net::TcpListener) -> std::io::Result<()> {
    /// use engine_io::{ServeLimits, tower};
    ///
    /// let io = socket_io::Io::default();
    /// // With axum: `Router::new().nest_service("/socket.io", io.service())`.
    /// let service = io.service();
    /// tower::serve(listener, service, ServeLimits::default(), std::future::pending()).await
    /// # }
    /// ```
    #[cfg(feature = "tower")]
    pub fn service(&self) -> engine_io::tower::Service {
        engine_io::tower::service(self.engine()).keeping(self.clone())
    }

    /// The server as a tower layer: it answers the requests to
    /// [`Config::engine`](crate::Config::engine)'s path and below, and passes the others
    /// on. Needs the cargo feature `tower`.
    ///
    /// ```
    /// let layer = socket_io::Io::default().layer();
    /// // With axum: `Router::new().route("/", get(index)).layer(layer)`.
    /// ```
    #[cfg(feature = "tower")]
    pub fn layer(&self) -> engine_io::tower::Layer {
        self.service().into_layer()
    }

    /// The Engine.IO server below.
    pub fn engine(&self) -> &Server {
        self.0.engine.get_or_init(|| {
            let app = EngineApp(Arc::downgrade(&self.0));
            Server::new(self.0.config.engine.clone(), app)
        })
    }

    /// Closes every connection in peace and takes no new ones. Clients try to come back,
    /// to this server's successor. Returns how many connections there were.
    ///
    /// ```no_run
    /// # async fn example(io: socket_io::Io, listener: tokio::net::TcpListener) -> std::io::Result<()> {
    /// let (stop, stopping) = tokio::sync::oneshot::channel::<()>();
    /// let server = engine_io::run(listener, io.filter(), engine_io::ServeLimits::default(), async { drop(stopping.await) });
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
        self.drain(Duration::ZERO, deadline).await
    }

    /// As [`shutdown`](Self::shutdown), but closes the connections one after another,
    /// spread over `period`, so that their clients do not arrive at the next server all at
    /// once. Then waits until `deadline` has passed for clients that have not gone, and
    /// for handlers that are still at work.
    pub async fn drain(&self, period: Duration, deadline: Duration) -> usize {
        let closed = self.engine().drain(period, deadline).await;
        if let Some(tasks) = self.0.tasks.get() {
            tasks.finish(deadline).await;
        }
        closed
    }
}

/// A name with its slash.
fn normalize(name: &str) -> String {
    if name.starts_with('/') {
        name.to_owned()
    } else {
        format!("/{name}")
    }
}

/// Where sessions come in.
struct EngineApp(Weak<IoInner>);

impl Application for EngineApp {
    fn open(&self, session: Session) -> Arc<dyn Receiver> {
        let Some(io) = self.0.upgrade() else {
            return Arc::new(ClosedReceiver);
        };
        let tasks = io.tasks.get_or_init(|| Arc::new(Tasks::new()));
        let host: Weak<dyn Host> = self.0.clone();
        Connection::open(host, io.rules.clone(), tasks.clone(), session)
    }
}

/// Listens to the last sessions of a server that is gone.
struct ClosedReceiver;

impl Receiver for ClosedReceiver {
    fn message(&self, _: engine_io::Message<'_>) {}
    fn close(&self, _: engine_io::CloseReason) {}
}

impl IoInner {
    fn lock(&self) -> MutexGuard<'_, Namespaces> {
        self.namespaces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Host for IoInner {
    fn find(&self, name: &str, auth: &Value) -> Option<Namespace> {
        let rules = {
            let mut namespaces = self.lock();
            if let Some(namespace) = namespaces.static_.get(name) {
                return Some(namespace.clone());
            }
            if let Some((namespace, users)) = namespaces.dynamic.get_mut(name) {
                *users += 1;
                return Some(namespace.clone());
            }
            if name.len() > self.config.limits.max_namespace_name {
                return None;
            }
            namespaces.rules.clone()
        };
        // The predicate is the application's: it runs without the lock, and one that
        // panics has not accepted.
        let rule = rules.into_iter().find(|rule| {
            guarded(|| (rule.matches)(name, auth)).unwrap_or_else(|| {
                complain("a namespace's predicate panicked");
                false
            })
        })?;
        // Made without the lock too: an adapter is a user's.
        let new = Namespace::new(name, rule.on_connect, true, &self.config);
        let mut namespaces = self.lock();
        if !namespaces.dynamic.contains_key(name)
            && namespaces.dynamic.len() >= self.config.max_dynamic_namespaces
        {
            return None;
        }
        let entry = namespaces.dynamic.entry(name.into());
        let (namespace, users) = entry.or_insert((new, 0));
        *users += 1;
        Some(namespace.clone())
    }

    fn release(&self, name: &str) {
        let mut namespaces = self.lock();
        let unused = namespaces.dynamic.get_mut(name).is_some_and(|(_, users)| {
            *users -= 1;
            *users == 0
        });
        let gone = unused.then(|| namespaces.dynamic.remove(name));
        drop(namespaces);
        drop(gone);
    }

    fn watch(&self, at: Instant, connection: &Arc<Connection>) {
        self.deadlines.insert(at, connection);
    }
}

impl fmt::Debug for Io {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Io")
            .field("path", &self.0.config.engine.path)
            .finish_non_exhaustive()
    }
}
