//! The server: namespaces by name, on an Engine.IO server.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use engine_io::{Application, Deadlines, Receiver, Server, Session};
use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;
use warp::Filter;
use warp::filters::BoxedFilter;

use crate::adapter::ServerAnswers;
use crate::broadcast::Broadcast;
use crate::config::Config;
use crate::connection::{Connection, Host};
use crate::entrance::OnConnect;
use crate::error::AdapterError;
use crate::handler::{Handler, HandlerId};
use crate::machine::Rules;
use crate::namespace::Namespace;
use crate::namespaces::{Found, Matches, Namespaces, Predicate};
use crate::parent::{Parent, ParentNamespace};
use crate::remote::RemoteSocket;
use crate::room::Room;
use crate::socket::Socket;
use crate::tasks::Tasks;
use crate::wire::args::{FromArgs, IntoArgs};

/// A Socket.IO server: a cheap handle.
///
/// ```
/// use socket_io::{Io, Socket};
///
/// let io = Io::default();
/// io.of("/", |socket| {
///     socket.on("time", async |_: Socket| "time for tea");
/// });
/// // Elsewhere in the program, in any thread.
/// let elsewhere = io.clone();
/// elsewhere.emit("news", "tea is ready");
/// elsewhere.to("kitchen").emit("news", "the kettle is empty");
/// ```
#[derive(Clone)]
pub struct Io(Arc<IoInner>);

struct IoInner {
    config: Config,
    rules: Arc<Rules>,
    deadlines: Deadlines<Connection>,
    engine: OnceLock<Server>,
    /// Made with the first session, on the runtime that it runs on.
    tasks: OnceLock<Arc<Tasks>>,
    /// Drops what is kept for clients that are away, in time. Runs from the first session
    /// until a shutdown.
    tidying: Mutex<Option<AbortOnDropHandle<()>>>,
    main: Namespace,
    namespaces: Arc<Namespaces>,
}

impl Default for Io {
    fn default() -> Self {
        Self::new(Config::default())
    }
}

impl Io {
    /// A server with the namespace `/` and no handlers.
    pub fn new(config: Config) -> Self {
        let (namespaces, main) = Namespaces::new(&config);
        let rules = Arc::new(Rules {
            limits: config.limits,
            connect_timeout: config.connect_timeout,
            parser: config.parser,
        });
        Self(Arc::new(IoInner {
            config,
            rules,
            deadlines: Deadlines::new(),
            engine: OnceLock::new(),
            tasks: OnceLock::new(),
            tidying: Mutex::default(),
            main,
            namespaces: Arc::new(namespaces),
        }))
    }

    /// Returns the namespace of this name, and makes it if there is none; `on_connect` is
    /// called with each socket that joins it from now on, and sets its handlers: see
    /// [`Namespace::on_connection`]. A name that a predicate has accepted stays.
    ///
    /// ```
    /// # let io = socket_io::Io::default();
    /// let chat = io.of("/chat", |socket| socket.emit("welcome", "tea is ready"));
    /// // Elsewhere in the program.
    /// let same = io.of("/chat", |socket| println!("{} has joined", socket.id()));
    /// assert_eq!(chat, same);
    /// ```
    pub fn of(
        &self,
        name: &str,
        on_connect: impl Fn(Socket) + Send + Sync + 'static,
    ) -> Namespace {
        let on_connect = Arc::new(on_connect);
        self.0
            .namespaces
            .fix(&with_slash(name), None, Some(on_connect))
    }

    /// Lets clients make namespaces: those whose name and auth payload the predicate
    /// accepts. If it panics, it has not accepted. A namespace lives as long as a client
    /// is in it (see [`Config::cleanup_empty_child_namespaces`]); a client that was alone
    /// there and comes back starts from scratch. If there are several predicates, the
    /// first one that accepts decides.
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
    ) -> ParentNamespace {
        let predicate = move |name: &str, auth: Value| Matches::Now(matches(name, &auth));
        self.0.rule(Arc::new(predicate), Arc::new(on_connect))
    }

    /// As [`of_dynamic`](Self::of_dynamic), with a predicate that can wait, for example
    /// for a database. One that does not answer within [`Config::connect_timeout`] has
    /// not accepted.
    ///
    /// ```
    /// # async fn team_exists(name: &str) -> bool { name != "/team-red" }
    /// # let io = socket_io::Io::default();
    /// io.of_dynamic_async(async |name: String, _auth| team_exists(&name).await, |socket| {
    ///     socket.emit("welcome", socket.namespace().name());
    /// });
    /// ```
    pub fn of_dynamic_async<Fut>(
        &self,
        matches: impl FnOnce(String, Value) -> Fut + Clone + Send + Sync + 'static,
        on_connect: impl Fn(Socket) + Send + Sync + 'static,
    ) -> ParentNamespace
    where
        Fut: Future<Output = bool> + Send + 'static,
    {
        let predicate = move |name: &str, auth: Value| {
            let (matches, name) = (matches.clone(), name.to_owned());
            Matches::Later(Box::pin(async move { matches(name, auth).await }))
        };
        self.0.rule(Arc::new(predicate), Arc::new(on_connect))
    }

    /// Calls `hook` with each namespace that is made from now on, before a client can be
    /// in it. One that panics changes nothing.
    ///
    /// ```
    /// # let io = socket_io::Io::default();
    /// io.on_new_namespace(|namespace| println!("{} is new", namespace.name()));
    /// ```
    pub fn on_new_namespace(&self, hook: impl Fn(Namespace) + Send + Sync + 'static) {
        self.0.namespaces.add_hook(Arc::new(hook));
    }

    /// Returns the namespace of that name, if there is one now.
    pub fn namespace(&self, name: &str) -> Option<Namespace> {
        self.0.namespaces.get(&with_slash(name))
    }

    /// Returns all namespaces that there are now.
    pub fn namespaces(&self) -> Vec<Namespace> {
        self.0.namespaces.all()
    }

    // --- The main namespace ---

    /// Returns the namespace `/`.
    pub fn main(&self) -> &Namespace {
        &self.0.main
    }

    /// Sends an event to every socket of the main namespace.
    pub fn emit(&self, event: &str, args: impl IntoArgs) {
        self.main().emit(event, args);
    }

    /// Selects the members of a room in the main namespace.
    pub fn to(&self, room: impl Into<Room>) -> Broadcast {
        self.main().to(room)
    }

    /// Selects the main namespace without a room, or without a socket.
    pub fn except(&self, room: impl Into<Room>) -> Broadcast {
        self.main().except(room)
    }

    /// Returns the socket of this id in the main namespace, if it is here.
    pub fn socket(&self, id: impl AsRef<str>) -> Option<Socket> {
        self.main().socket(id)
    }

    /// Returns the sockets of the main namespace on every server of the cluster: see
    /// [`Namespace::fetch_sockets`].
    ///
    /// # Errors
    /// A server did not answer: the error says how many did.
    pub async fn fetch_sockets(&self) -> Result<Vec<RemoteSocket>, AdapterError> {
        self.main().fetch_sockets().await
    }

    // --- The other servers ---

    /// Handles an event from another server in the main namespace: see
    /// [`Namespace::on_server_event`].
    pub fn on_server_event<H: Handler<Namespace, Signature>, Signature: 'static>(
        &self,
        event: &str,
        handler: H,
    ) -> HandlerId {
        self.main().on_server_event(event, handler)
    }

    /// Sends an event to the other servers: see [`Namespace::server_side_emit`].
    pub fn server_side_emit(&self, event: &str, args: impl IntoArgs) {
        self.main().server_side_emit(event, args);
    }

    /// Asks the other servers: see [`Namespace::server_side_emit_with_ack`].
    pub async fn server_side_emit_with_ack<T: FromArgs>(
        &self,
        event: &str,
        args: impl IntoArgs,
    ) -> ServerAnswers<T> {
        self.main().server_side_emit_with_ack(event, args).await
    }

    /// Returns how many servers the cluster has, with this one.
    ///
    /// # Errors
    /// The other servers cannot be asked.
    pub async fn server_count(&self) -> Result<usize, AdapterError> {
        self.main().server_count().await
    }

    // --- The server ---

    /// The server as a warp filter, mounted under [`Config::engine`]'s path.
    ///
    /// ```no_run
    /// # async fn example(listener: tokio::net::TcpListener) -> std::io::Result<()> {
    /// use warp::Filter;
    ///
    /// let io = socket_io::Io::default();
    /// let page = warp::path::end().map(|| warp::reply::html("<p>A page"));
    /// let routes = io.filter().or(page);
    /// let limits = engine_io::ServeLimits::default();
    /// engine_io::run(listener, routes, limits, std::future::pending()).await
    /// # }
    /// ```
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

    /// Closes every connection in peace and takes no new ones until
    /// [`reopen`](Self::reopen). Clients try to come back, to this server's successor.
    /// Returns how many connections there were.
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
    /// once. Then waits for clients that have not gone, for handlers that are still at
    /// work, and for [adapters](crate::Adapter) to close, at most until `deadline` has
    /// passed for each.
    pub async fn drain(&self, period: Duration, deadline: Duration) -> usize {
        let closed = self.engine().drain(period, deadline).await;
        drop(self.0.tidying().take());
        if let Some(tasks) = self.0.tasks.get() {
            tasks.finish(deadline).await;
        }
        let namespaces = self.namespaces();
        let close = namespaces.iter().map(|it| it.adapter().close());
        if timeout(deadline, join_all(close)).await.is_err() {
            tracing::warn!("adapters that did not close in time");
        }
        closed
    }

    /// Takes connections again after [`shutdown`](Self::shutdown) or
    /// [`drain`](Self::drain) has returned: namespaces, handlers and logs are still there.
    pub fn reopen(&self) {
        if let Some(tasks) = self.0.tasks.get() {
            tasks.reopen();
        }
        for namespace in self.namespaces() {
            namespace.adapter().reopen();
        }
        self.engine().reopen();
    }
}

/// A namespace's name with its slash.
fn with_slash(name: &str) -> String {
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
        io.tidy(tasks);
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
    /// Starts to drop, in time, what is kept for clients that are away.
    fn tidy(&self, tasks: &Tasks) {
        let Some(recovery) = self.config.recovery else {
            return;
        };
        self.tidying().get_or_insert_with(|| {
            let every = (recovery.max_disconnection / 4).max(Duration::from_secs(1));
            let namespaces = Arc::downgrade(&self.namespaces);
            tasks.spawn_owned(Namespaces::tidy(namespaces, every))
        });
    }

    fn tidying(&self) -> MutexGuard<'_, Option<AbortOnDropHandle<()>>> {
        self.tidying.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rule(
        &self,
        predicate: Predicate,
        on_connect: OnConnect<Socket>,
    ) -> ParentNamespace {
        let parent = Arc::new(Parent::default());
        parent.entrance.add_handler(on_connect);
        self.namespaces.add_rule(predicate, parent.clone());
        ParentNamespace::new(parent, self.namespaces.clone())
    }
}

impl Host for IoInner {
    fn find(&self, name: &str, auth: &str) -> Found {
        self.namespaces.find(name, auth)
    }

    fn release(&self, name: &str) {
        self.namespaces.release(name);
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
