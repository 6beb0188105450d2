//! The namespaces that a predicate lets clients make, as one: their parent.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::broadcast::Broadcast;
use crate::entrance::Entrance;
use crate::error::ConnectError;
use crate::namespace::Namespace;
use crate::room::Room;
use crate::socket::Socket;
use crate::wire::args::IntoArgs;

/// All namespaces that one predicate has accepted, now or later: a cheap handle.
///
/// ```
/// use socket_io::{ConnectError, Io, Socket};
///
/// let io = Io::default();
/// let teams = io.of_dynamic(|name, _auth| name.starts_with("/team-"), |_socket| {});
/// teams.middleware(async |socket: Socket| match socket.auth()["token"].as_str() {
///     Some("secret") => Ok(()),
///     _ => Err(ConnectError::new("members only")),
/// });
/// teams.emit("announcement", "tea is ready");
/// teams.except("asleep").emit("announcement", "the cake, too");
/// println!("{} people in {} teams", teams.all().count(), teams.children().len());
/// ```
#[derive(Clone)]
pub struct ParentNamespace {
    parent: Arc<Parent>,
    namespaces: Arc<dyn Children>,
}

/// The server's namespaces, as a parent sees them.
pub(crate) trait Children: Send + Sync {
    /// Returns all namespaces, of this parent and others.
    fn all(&self) -> Vec<Namespace>;
    /// Returns the child of this name, which stays.
    fn child(&self, name: &str, parent: &Arc<Parent>) -> Namespace;
}

/// The part of a parent that its children share.
#[derive(Default)]
pub(crate) struct Parent {
    pub(crate) entrance: Entrance<Socket>,
}

impl ParentNamespace {
    pub(crate) fn new(parent: Arc<Parent>, namespaces: Arc<dyn Children>) -> Self {
        Self { parent, namespaces }
    }

    /// Asks `check` before a socket may join one of the children, in front of the child's
    /// own middleware: see [`Namespace::middleware`].
    pub fn middleware<F, Fut>(&self, check: F) -> &Self
    where
        F: FnOnce(Socket) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), ConnectError>> + Send + 'static,
    {
        self.parent.entrance.add_middleware(check);
        self
    }

    /// Calls `on_connect` with each socket that joins one of the children: see
    /// [`Namespace::on_connection`].
    pub fn on_connection(
        &self,
        on_connect: impl Fn(Socket) + Send + Sync + 'static,
    ) -> &Self {
        self.parent.entrance.add_handler(Arc::new(on_connect));
        self
    }

    /// Returns the child of this name, which stays from now on, even while no client is
    /// in it. Makes it without asking the predicate if it does not exist yet.
    ///
    /// ```
    /// # let io = socket_io::Io::default();
    /// let teams = io.of_dynamic(|name, _| name.starts_with("/team-"), |_| {});
    /// teams.child("/team-red").emit("match", "starts at noon");
    /// ```
    pub fn child(&self, name: &str) -> Namespace {
        self.namespaces.child(name, &self.parent)
    }

    /// Returns the children that there are now on this server.
    pub fn children(&self) -> Vec<Namespace> {
        let mut children = self.namespaces.all();
        children.retain(|namespace| namespace.is_child_of(&self.parent));
        children
    }

    /// Selects every socket of every child.
    pub fn all(&self) -> Broadcast {
        Broadcast::to_children(self.clone())
    }

    /// Selects the members of a room, in every child.
    pub fn to(&self, room: impl Into<Room>) -> Broadcast {
        self.all().to(room)
    }

    /// Selects every socket of every child, without the members of a room.
    pub fn except(&self, room: impl Into<Room>) -> Broadcast {
        self.all().except(room)
    }

    /// Sends an event to every socket of every child.
    pub fn emit(&self, event: &str, args: impl IntoArgs) {
        self.all().emit(event, args);
    }
}

impl fmt::Debug for ParentNamespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.children()).finish()
    }
}
