//! Broadcast operators: say to whom, then what.
//!
//! `socket.to("lobby").except(&friend).emit("news", "…")` builds a [`Selection`] and
//! hands it, with one encoded packet, to the namespace's adapter.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::ack::{self, Answers};
use crate::adapter::Selection;
use crate::args::{FromArgs, IntoArgs};
use crate::namespace::Namespace;
use crate::outgoing::Outgoing;
use crate::room::Room;
use crate::socket::Socket;

/// A selection of a namespace's sockets, and what can be done with it.
///
/// ```
/// # use socket_io::Namespace;
/// fn close_the_kitchen(namespace: &Namespace) {
///     let guests = namespace.to("kitchen").except("cooks");
///     println!("{} guests have to go", guests.fetch_sockets().len());
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
    namespace: Namespace,
    selection: Selection,
    timeout: Duration,
}

impl Broadcast {
    pub(crate) fn new(namespace: Namespace) -> Self {
        Self {
            namespace,
            selection: Selection::default(),
            timeout: ack::DEFAULT_TIMEOUT,
        }
    }

    /// Also to this room: several rooms are their union, and nobody gets two copies.
    pub fn to(mut self, room: impl Into<Room>) -> Self {
        self.selection.rooms.push(room.into());
        self
    }

    /// But not to this room, or this socket.
    pub fn except(mut self, room: impl Into<Room>) -> Self {
        self.selection.except.push(room.into());
        self
    }

    /// Only to sockets of this server, where several share an adapter.
    pub fn local(mut self) -> Self {
        self.selection.local = true;
        self
    }

    /// Drop it for clients that could not be sent it at once: for what is soon outdated.
    pub fn volatile(mut self) -> Self {
        self.selection.volatile = true;
        self
    }

    /// How long [`emit_with_ack`](Self::emit_with_ack) waits. Default 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends an event to all who are selected. It is encoded once.
    pub fn emit(&self, event: &str, args: impl IntoArgs) {
        if let Some(outgoing) = Outgoing::event(event, &args) {
            self.namespace.broadcast(outgoing, &self.selection);
        }
    }

    /// Sends an event to all who are selected and collects their answers, until the last
    /// one or the timeout.
    pub async fn emit_with_ack<T: FromArgs>(
        &self,
        event: &str,
        args: impl IntoArgs,
    ) -> Answers<T> {
        let Some(outgoing) = Outgoing::event(event, &args) else {
            return Answers {
                received: Vec::new(),
                missing: self.fetch_sockets().len(),
            };
        };
        drop(args);
        let (sender, answers) = mpsc::unbounded_channel();
        let id = self.namespace.next_ack();
        let packet = outgoing.encode_event(self.namespace.name(), Some(id));
        let sockets = self.fetch_sockets();
        for socket in &sockets {
            socket.expect_ack(id, sender.clone());
            socket.deliver(&packet, self.selection.volatile);
        }
        drop(sender);
        ack::collect(sockets, id, answers, self.timeout).await
    }

    /// The sockets that are selected now.
    pub fn fetch_sockets(&self) -> Vec<Socket> {
        let mut sockets = Vec::new();
        self.namespace
            .adapter()
            .each(&self.selection, &mut |socket| sockets.push(socket.clone()));
        sockets
    }

    /// Makes all who are selected join a room. Who is in too many stays out, and the log
    /// says so.
    pub fn sockets_join(&self, room: impl Into<Arc<str>>) {
        let room = room.into();
        for socket in self.fetch_sockets() {
            if let Err(error) = socket.join(room.clone()) {
                tracing::warn!(socket = %socket.id(), %error, "did not join");
            }
        }
    }

    /// Makes all who are selected leave a room.
    pub fn sockets_leave(&self, room: &str) {
        for socket in self.fetch_sockets() {
            socket.leave(room);
        }
    }

    /// Disconnects all who are selected from the namespace; with `close`, their
    /// connections too.
    pub fn disconnect_sockets(&self, close: bool) {
        for socket in self.fetch_sockets() {
            if close {
                socket.disconnect_all();
            } else {
                socket.disconnect();
            }
        }
    }
}
