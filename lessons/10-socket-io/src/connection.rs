//! A connection: one Engine.IO session, the namespaces joined over it, and the
//! attachments that are on their way.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;

use bytes::Bytes;
use engine_io::{CloseReason, Expire, Message, Receiver, Session};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::error::{ConnectError, ParseError};
use crate::io::{IoInner, Limits};
use crate::namespace::{Middleware, Namespace};
use crate::recovery::Restored;
use crate::socket::{Birth, DisconnectReason, Socket};
use crate::wire::args::RawArgs;
use crate::wire::binary;
use crate::wire::outgoing::EncodedPacket;
use crate::wire::packet::{Packet, PacketLimits, PacketType};

pub(crate) struct Connection {
    this: Weak<Self>,
    io: Weak<IoInner>,
    limits: Limits,
    session: Session,
    runtime: Handle,
    state: Mutex<State>,
    /// How many sockets want nothing more for now. The session is told under this lock:
    /// it must not hear of the first who pauses before the last who went on.
    pauses: Mutex<usize>,
}

#[derive(Default)]
struct State {
    /// A handful, and usually one.
    sockets: Vec<Socket>,
    /// A namespace was joined at some time: the client is no stranger.
    joined: bool,
    pending: Option<Pending>,
    /// A deadline is set already: one at a time, or a client's packets would fill the
    /// heap of deadlines.
    watched: bool,
    closed: bool,
}

/// A packet that waits for its attachments.
struct Pending {
    text: String,
    count: usize,
    attachments: Vec<Bytes>,
    bytes: usize,
    since: Instant,
}

impl Connection {
    pub(crate) fn open(io: &Arc<IoInner>, session: Session) -> Arc<Self> {
        let connection = Arc::new_cyclic(|this| Self {
            this: this.clone(),
            io: Arc::downgrade(io),
            limits: io.config.limits,
            session,
            runtime: Handle::current(),
            state: Mutex::new(State {
                watched: true,
                ..State::default()
            }),
            pauses: Mutex::new(0),
        });
        io.deadlines
            .insert(Instant::now() + io.config.connect_timeout, &connection);
        connection
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(work);
    }

    /// A socket's queue is full.
    pub(crate) fn pause(&self) {
        let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        *pauses += 1;
        if *pauses == 1 {
            self.session.pause();
        }
    }

    /// A socket's queue has room again.
    pub(crate) fn resume(&self) {
        let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        *pauses -= 1;
        if *pauses == 0 {
            self.session.resume();
        }
    }

    /// A socket has left.
    pub(crate) fn forget(&self, socket: &Socket) {
        let known = {
            let mut state = self.lock();
            let index = state.sockets.iter().position(|known| known.is(socket));
            index
                .map(|index| state.sockets.swap_remove(index))
                .is_some()
        };
        if known && let Some(io) = self.io.upgrade() {
            io.release(socket.namespace());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn packet_limits(&self) -> PacketLimits {
        PacketLimits {
            max_attachments: self.limits.max_attachments,
            max_depth: self.limits.max_depth,
        }
    }

    fn text(&self, text: &str) -> Result<(), ParseError> {
        let packet = Packet::parse_within(text, self.packet_limits())?;
        let socket = {
            let mut state = self.lock();
            if state.pending.is_some() {
                return Err(ParseError::OutOfOrder);
            }
            if packet.attachments > 0 {
                let since = Instant::now();
                state.pending = Some(Pending {
                    text: text.to_owned(),
                    count: packet.attachments,
                    attachments: Vec::new(),
                    bytes: 0,
                    since,
                });
                let watched = std::mem::replace(&mut state.watched, true);
                drop(state);
                if !watched
                    && let (Some(io), Some(this)) =
                        (self.io.upgrade(), self.this.upgrade())
                {
                    io.deadlines
                        .insert(since + io.config.connect_timeout, &this);
                }
                return Ok(());
            }
            state
                .sockets
                .iter()
                .find(|socket| socket.namespace().name() == packet.namespace)
                .cloned()
        };
        self.handle(&packet, socket, &[])
    }

    fn binary(&self, bytes: Bytes) -> Result<(), ParseError> {
        let (pending, sockets) = {
            let mut state = self.lock();
            let pending = state.pending.as_mut().ok_or(ParseError::OutOfOrder)?;
            pending.bytes += bytes.len();
            if pending.bytes > self.limits.max_attachment_bytes {
                return Err(ParseError::OutOfOrder);
            }
            pending.attachments.push(bytes);
            if pending.attachments.len() < pending.count {
                return Ok(());
            }
            let Some(pending) = state.pending.take() else {
                return Ok(());
            };
            (pending, state.sockets.clone())
        };
        let packet = Packet::parse_within(&pending.text, self.packet_limits())?;
        if !binary::placeholders_fit(packet.data, pending.count)? {
            return Err(ParseError::Placeholder);
        }
        let socket = sockets
            .into_iter()
            .find(|socket| socket.namespace().name() == packet.namespace);
        self.handle(&packet, socket, &pending.attachments)
    }

    /// A packet is whole.
    fn handle(
        &self,
        packet: &Packet<'_>,
        socket: Option<Socket>,
        attachments: &[Bytes],
    ) -> Result<(), ParseError> {
        let raw = |skip| RawArgs {
            array: packet.data,
            skip,
            attachments,
        };
        match (packet.kind, socket) {
            (PacketType::Connect, None) => self.connect(packet),
            (PacketType::Event | PacketType::BinaryEvent, Some(socket))
                if socket.may_speak() =>
            {
                socket.dispatch(raw(1), packet.id)
            }
            (PacketType::Ack | PacketType::BinaryAck, Some(socket))
                if socket.may_speak() =>
            {
                socket.acknowledged(packet.id.ok_or(ParseError::Id)?, raw(0))
            }
            (PacketType::Disconnect, Some(socket)) => {
                socket.leave_namespace(DisconnectReason::ClientNamespace);
                Ok(())
            }
            // CONNECT twice, CONNECT_ERROR from a client, anything for a namespace that
            // was not joined.
            _ => Err(ParseError::OutOfOrder),
        }
    }

    fn connect(&self, packet: &Packet<'_>) -> Result<(), ParseError> {
        let (Some(io), Some(this)) = (self.io.upgrade(), self.this.upgrade()) else {
            return Ok(());
        };
        if packet.data.len() > self.limits.max_auth {
            self.refuse(
                packet.namespace,
                &ConnectError::new("The auth payload is too large"),
            );
            return Ok(());
        }
        let auth: Value = if packet.data.is_empty() {
            json!({})
        } else {
            serde_json::from_str(packet.data)?
        };
        if self.lock().sockets.len() >= self.limits.max_namespaces {
            self.refuse(packet.namespace, &ConnectError::new("Too many namespaces"));
            return Ok(());
        }
        let Some(namespace) = io.find(packet.namespace, &auth) else {
            self.refuse(packet.namespace, &ConnectError::new("Invalid namespace"));
            return Ok(());
        };
        let socket = self.restore(&namespace, &auth).unwrap_or_else(|| {
            let pid = namespace.recovers().then(|| engine_io::random_id().into());
            Socket::new(Birth {
                namespace: namespace.clone(),
                session: self.session.clone(),
                connection: self.this.clone(),
                auth,
                pid,
                restored: None,
            })
        });
        {
            let mut state = self.lock();
            if state.closed {
                drop(state);
                socket.leave_namespace(DisconnectReason::Session(
                    CloseReason::TransportClose,
                ));
                io.release(&namespace);
                return Ok(());
            }
            state.joined = true;
            state.sockets.push(socket.clone());
        }
        // Who comes back has been asked before.
        let middlewares = if socket.recovered() {
            Vec::new()
        } else {
            namespace.middlewares()
        };
        if middlewares.is_empty() {
            accept(&socket, &this);
        } else {
            self.spawn(async move {
                match ask(&middlewares, &socket).await {
                    Ok(()) => accept(&socket, &this),
                    Err(error) => this.reject(&socket, &error),
                }
            });
        }
        Ok(())
    }

    fn restore(&self, namespace: &Namespace, auth: &Value) -> Option<Socket> {
        let (pid, offset) = (auth["pid"].as_str()?, auth["offset"].as_str()?);
        namespace.restore(pid, offset, |Restored { saved, missed }| {
            Socket::new(Birth {
                namespace: namespace.clone(),
                session: self.session.clone(),
                connection: self.this.clone(),
                auth: auth.clone(),
                pid: Some(pid.into()),
                restored: Some((saved.id, saved.data, missed)),
            })
        })
    }

    fn refuse(&self, namespace: &str, error: &ConnectError) {
        let data = match &error.data {
            Some(data) => json!({ "message": error.message, "data": data }),
            None => json!({ "message": error.message }),
        };
        let packet =
            EncodedPacket::plain(PacketType::ConnectError, namespace, &data.to_string());
        let _ = self.session.send_batch(packet.messages());
    }

    fn reject(&self, socket: &Socket, error: &ConnectError) {
        // Leaving undoes what a middleware has joined.
        socket.leave_namespace(DisconnectReason::ServerNamespace);
        let name = socket.namespace().name();
        // A client that has left and asked again meanwhile would take this for the answer
        // to that.
        let asked_again = self
            .lock()
            .sockets
            .iter()
            .any(|other| other.namespace().name() == name);
        if !asked_again {
            self.refuse(name, error);
        }
    }
}

async fn ask(middlewares: &[Middleware], socket: &Socket) -> Result<(), ConnectError> {
    for middleware in middlewares {
        let mut verdict = middleware(socket.clone());
        poll_fn(|cx| {
            catch_unwind(AssertUnwindSafe(|| verdict.as_mut().poll(cx))).unwrap_or_else(
                |_| {
                    tracing::error!(socket = %socket.id(), "a middleware panicked");
                    Poll::Ready(Err(ConnectError::new("internal error")))
                },
            )
        })
        .await?;
    }
    Ok(())
}

/// The socket is in: it is told so, then the application.
fn accept(socket: &Socket, connection: &Connection) {
    let namespace = socket.namespace();
    if !socket.recovered() {
        namespace.add(socket);
        // It may have left while middleware was asked, and before it was added.
        if socket.has_left() {
            namespace.remove(socket, &[], None);
            connection.reject(socket, &ConnectError::new("disconnected"));
            return;
        }
    }
    // The handlers must stand before the client knows that it may send; what they emit
    // follows the CONNECT packet.
    if catch_unwind(AssertUnwindSafe(|| namespace.on_connect(socket.clone()))).is_err() {
        tracing::error!(socket = %socket.id(), "the connect handler panicked");
        connection.reject(socket, &ConnectError::new("internal error"));
        return;
    }
    let data = match socket.pid() {
        Some(pid) => json!({ "sid": socket.id().as_str(), "pid": &**pid }),
        None => json!({ "sid": socket.id().as_str() }),
    };
    socket.start(&EncodedPacket::plain(
        PacketType::Connect,
        namespace.name(),
        &data.to_string(),
    ));
}

impl Receiver for Connection {
    fn message(&self, message: Message<'_>) {
        let result = match message {
            Message::Text(text) => self.text(text),
            Message::Binary(bytes) => self.binary(bytes),
        };
        if let Err(error) = result {
            tracing::debug!(session = ?self.session, %error, "closed");
            self.session.close(CloseReason::ParseError);
        }
    }

    fn close(&self, reason: CloseReason) {
        // Not here: a send that spent the client's budget may stand above us, with a lock
        // that leaving needs.
        let Some(this) = self.this.upgrade() else {
            return;
        };
        self.spawn(async move {
            let sockets = {
                let mut state = this.lock();
                state.closed = true;
                state.pending = None;
                state.sockets.clone()
            };
            for socket in sockets {
                socket.leave_namespace(DisconnectReason::Session(reason));
            }
        });
    }
}

impl Expire for Connection {
    fn on_deadline(self: &Arc<Self>, now: Instant) -> Option<Instant> {
        let timeout = self.io.upgrade()?.config.connect_timeout;
        let mut state = self.lock();
        let due = state
            .pending
            .as_ref()
            .map(|pending| pending.since + timeout);
        let stuck = due.is_some_and(|due| due <= now);
        let stranger = !state.joined;
        state.watched = due.is_some() && !stuck;
        drop(state);
        // The first deadline is the connection's own.
        if stranger {
            self.session.close(CloseReason::ConnectTimeout);
        } else if stuck {
            self.session.close(CloseReason::ParseError);
        }
        due.filter(|_| !stuck)
    }
}
