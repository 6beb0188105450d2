//! Broadcast operators: say to whom, then what.
//!
//! `socket.to("lobby").except(&friend).emit("news", "…")` builds a [`Selection`] and
//! hands it, with one encoded packet, to the namespace's adapter.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::ack::{self, Answers, Forget};
use crate::namespace::Namespace;
use crate::room::{Room, Selection};
use crate::socket::Socket;
use crate::wire::args::{FromArgs, IntoArgs};
use crate::wire::outgoing::Outgoing;

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

    /// Sends an event to all selected sockets and collects their answers, until the last
    /// one or the timeout. If it is volatile, only those that it was sent to are asked.
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
        let mut asked = Vec::new();
        let mut missing = 0;
        for socket in self.fetch_sockets() {
            if socket.ask(id, sender.clone(), &packet, self.selection.volatile) {
                asked.push(Forget(move || socket.forget(id)));
            } else if !self.selection.volatile {
                missing += 1;
            }
        }
        drop(sender);
        let mut answers = ack::collect(asked.len(), answers, self.timeout).await;
        answers.missing += missing;
        answers
    }

    /// The sockets that are selected now.
    pub fn fetch_sockets(&self) -> Vec<Socket> {
        let mut sockets = Vec::new();
        self.namespace
            .adapter()
            .each(&self.selection, &mut |member| {
                sockets.extend(Socket::of(member));
            });
        sockets
    }

    /// Makes all selected sockets join a room. A socket in too many rooms stays out, which
    /// is logged.
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
