//! Broadcast operators: say to whom, then what.
//!
//! `socket.to("lobby").except(&friend).emit("news", "…")` builds a [`Selection`] and
//! hands it, with the event, to the namespace's adapter.
//!
//! A method that returns something at once knows this server alone; one that is awaited
//! asks every server of the cluster.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use futures_util::stream::select_all;

use crate::ack::{self, Answers};
use crate::error::AdapterError;
use crate::namespace::Namespace;
use crate::parent::ParentNamespace;
use crate::remote::RemoteSocket;
use crate::room::{Change, Room, Selection};
use crate::socket::Socket;
use crate::wire::args::{FromArgs, IntoArgs};
use crate::wire::outgoing::OutgoingEvent;

/// A selection of a namespace's sockets, and what can be done with it.
///
/// ```
/// # use socket_io::Namespace;
/// fn close_the_kitchen(namespace: &Namespace) {
///     let guests = namespace.to("kitchen").except("cooks");
///     println!("{} guests have to go", guests.count());
///     guests.emit("announcement", "the kitchen is closed");
///     guests.sockets_join("garden");
///     guests.sockets_leave("kitchen");
///     // And who has been locked out goes altogether; `true` would end the whole connection.
///     namespace.to("locked out").disconnect_sockets(false);
/// }
/// ```
#[must_use = "a selection does nothing by itself"]
#[derive(Clone, Debug)]
pub struct Broadcast {
    target: Target,
    selection: Selection,
    /// Unless it is the server's.
    timeout: Option<Duration>,
    compress: bool,
}

#[derive(Clone, Debug)]
enum Target {
    One(Namespace),
    Children(ParentNamespace),
}

impl Broadcast {
    pub(crate) fn new(namespace: Namespace) -> Self {
        Self {
            target: Target::One(namespace),
            selection: Selection::default(),
            timeout: None,
            compress: true,
        }
    }

    /// A selection in all children of a parent.
    pub(crate) fn to_children(parent: ParentNamespace) -> Self {
        Self {
            target: Target::Children(parent),
            selection: Selection::default(),
            timeout: None,
            compress: true,
        }
    }

    fn namespaces(&self) -> Vec<Namespace> {
        match &self.target {
            Target::One(namespace) => vec![namespace.clone()],
            Target::Children(parent) => parent.children(),
        }
    }

    /// Adds the members of a room: several rooms are their union, and no socket gets two
    /// copies.
    pub fn to(mut self, room: impl Into<Room>) -> Self {
        self.selection.rooms.push(room.into());
        self
    }

    /// Leaves out the members of a room, or a socket.
    pub fn except(mut self, room: impl Into<Room>) -> Self {
        self.selection.except.push(room.into());
        self
    }

    /// Only to sockets of this server, where there are several.
    pub fn local(mut self) -> Self {
        self.selection.local = true;
        self
    }

    /// Drop it for clients that could not be sent it at once: for what is soon outdated.
    pub fn volatile(mut self) -> Self {
        self.selection.volatile = true;
        self
    }

    /// Whether it may be compressed, where the server's
    /// [`per_message_deflate`](engine_io::Config::per_message_deflate) is on. Default yes:
    /// `false` is for a picture, which is compressed already, and for a secret next to a
    /// text that another user chose.
    ///
    /// ```
    /// # use socket_io::Namespace;
    /// fn show(namespace: &Namespace, picture: Vec<u8>) {
    ///     namespace.to("gallery").compress(false).emit("picture", socket_io::Binary(picture.into()));
    /// }
    /// ```
    pub fn compress(mut self, compress: bool) -> Self {
        self.compress = compress;
        self
    }

    fn outgoing(&self, event: &str, args: &impl IntoArgs) -> Option<OutgoingEvent> {
        let event = OutgoingEvent::event(event, args)?;
        Some(event.compress(self.compress))
    }

    /// Do not keep it for clients that are away: for what is outdated when they come back.
    /// Unlike a [`volatile`](Self::volatile) event, it waits for clients that are busy.
    ///
    /// ```
    /// # use socket_io::Namespace;
    /// fn show_score(namespace: &Namespace, goals: u32) {
    ///     namespace.to("match").transient().emit("score", goals);
    /// }
    /// ```
    pub fn transient(mut self) -> Self {
        self.selection.transient = true;
        self
    }

    /// Sets how long [`emit_with_ack`](Self::emit_with_ack) waits, in place of
    /// [`Config::ack_timeout`](crate::Config::ack_timeout).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sends an event to all who are selected. It is encoded once.
    pub fn emit(&self, event: &str, args: impl IntoArgs) {
        if let Some(event) = self.outgoing(event, &args) {
            match &self.target {
                Target::One(namespace) => namespace.broadcast(&event, &self.selection),
                Target::Children(parent) => {
                    for child in parent.children() {
                        child.broadcast(&event, &self.selection);
                    }
                }
            }
        }
    }

    /// Sends an event to all selected sockets and collects their answers, until the last
    /// one or the timeout. If it is volatile, only those that it was sent to are asked.
    pub async fn emit_with_ack<T: FromArgs>(
        &self,
        event: &str,
        args: impl IntoArgs,
    ) -> Answers<T> {
        let event = self.outgoing(event, &args);
        drop(args);
        let Some(event) = &event else {
            // Nobody is asked, and nobody answers.
            let sockets = self.sockets().into_iter();
            return Answers::missing(sockets.map(|socket| socket.id().clone()));
        };
        let mut timeout = self.timeout;
        let mut answers = Vec::new();
        for namespace in self.namespaces() {
            let limit = *timeout.get_or_insert(namespace.ack_timeout());
            let adapter = namespace.adapter();
            answers.push(adapter.broadcast_with_ack(event, &self.selection, limit));
        }
        ack::collect(select_all(answers), timeout.unwrap_or_default()).await
    }

    /// Returns the selected sockets of this server.
    pub fn sockets(&self) -> Vec<Socket> {
        let namespaces = self.namespaces().into_iter();
        namespaces
            .flat_map(|namespace| namespace.select(&self.selection))
            .collect()
    }

    /// Returns the selected sockets of every server of the cluster.
    ///
    /// # Errors
    /// A server did not answer: the error says how many did.
    pub async fn fetch_sockets(&self) -> Result<Vec<RemoteSocket>, AdapterError> {
        let fetch = async |namespace: Namespace| {
            let sockets = namespace.adapter().fetch_sockets(&self.selection).await?;
            let sockets = sockets.into_iter();
            let remote = |info| RemoteSocket::new(namespace.clone(), info);
            Ok(sockets.map(remote).collect::<Vec<_>>())
        };
        let sockets = try_join_all(self.namespaces().into_iter().map(fetch)).await?;
        Ok(sockets.into_iter().flatten().collect())
    }

    /// Returns how many sockets of this server are selected now.
    pub fn count(&self) -> usize {
        let mut count = 0;
        for namespace in self.namespaces() {
            let members = namespace.local_half().members();
            members.each(&self.selection, &mut |_| count += 1);
        }
        count
    }

    /// Makes all selected sockets join a room. A socket in too many rooms stays out, which
    /// is logged.
    pub fn sockets_join(&self, room: impl Into<Arc<str>>) {
        self.change(&Change::Join(vec![room.into()]));
    }

    /// Makes all who are selected leave a room.
    pub fn sockets_leave(&self, room: &str) {
        self.change(&Change::Leave(vec![room.into()]));
    }

    /// Disconnects all who are selected from the namespace; with `close`, their
    /// connections too.
    pub fn disconnect_sockets(&self, close: bool) {
        self.change(&Change::Disconnect { close });
    }

    fn change(&self, change: &Change) {
        for namespace in self.namespaces() {
            namespace.adapter().change(&self.selection, change);
        }
    }
}
