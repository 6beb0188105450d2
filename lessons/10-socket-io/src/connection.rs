//! A connection: the shell around its [machine](crate::machine). Messages of the session
//! go in, and what the machine decides is carried out: sockets are made, events are
//! queued, the session is paused or closed.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use engine_io::{CloseReason, Expire, Message, Receiver, Session};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::ack::AckSender;
use crate::adapter::SessionRecord;
use crate::data::Data;
use crate::entrance::Middleware;
use crate::error::ConnectError;
use crate::limits::Limits;
use crate::link::Link;
use crate::machine::{Decision, Key, Machine, Output, Rules, Why};
use crate::mailbox::Mailbox;
use crate::measure;
use crate::namespace::Namespace;
use crate::namespaces::Found;
use crate::reason::DisconnectReason;
use crate::recovery::{Restored, Saved};
use crate::room::SocketId;
use crate::sent::Sent;
use crate::socket::{Socket, SocketParts};
use crate::tasks::{Tasks, complain, guarded, guarded_async};
use crate::wire::args;
use crate::wire::outgoing::EncodedPacket;
use crate::wire::packet::PacketType;
use crate::wire::parser::Parser;

/// The server, as a connection sees it.
pub(crate) trait Host: Send + Sync {
    /// The namespace of this name, for a client that asks for it. If it is dynamic,
    /// `release` follows when the client is out again.
    fn find(&self, name: &str, auth: &str) -> Found;
    fn release(&self, name: &str);
    /// Calls [`Expire::on_deadline`] at this time.
    fn watch(&self, at: Instant, connection: &Arc<Connection>);
}

pub(crate) struct Connection {
    this: Weak<Self>,
    host: Weak<dyn Host>,
    rules: Arc<Rules>,
    tasks: Arc<Tasks>,
    session: Session,
    state: Mutex<State>,
}

/// A question that is out, and since when.
type Question = (AckSender, measure::Since);

struct State {
    machine: Machine<Socket, Question>,
    /// A deadline is set already: one at a time, or a client's packets would fill the
    /// heap of deadlines.
    watched: bool,
}

impl Connection {
    pub(crate) fn open(
        host: Weak<dyn Host>,
        rules: Arc<Rules>,
        tasks: Arc<Tasks>,
        session: Session,
    ) -> Arc<Self> {
        let machine = Machine::new(now(), rules.clone());
        let connection = Arc::new_cyclic(|this| Self {
            this: this.clone(),
            host,
            rules,
            tasks,
            session,
            state: Mutex::new(State {
                machine,
                watched: false,
            }),
        });
        connection.with(|_| ());
        connection
    }

    // ANCHOR: with
    /// Works on the machine, then carries out what it decides.
    ///
    /// The session is paused and resumed under the lock: it must not hear of two
    /// decisions in the wrong order. It never calls back here while it holds its own lock.
    fn with<R>(&self, work: impl FnOnce(&mut Machine<Socket, Question>) -> R) -> R {
        let mut state = self.lock();
        let result = work(&mut state.machine);
        let mut end = None;
        while let Some(decision) = state.machine.poll() {
            match decision {
                Decision::Pause => self.session.pause(),
                Decision::Resume => self.session.resume(),
                Decision::Close(why) => end = Some((why, state.machine.joined())),
            }
        }
        let deadline = state.machine.poll_timeout().filter(|_| !state.watched);
        state.watched |= deadline.is_some();
        drop(state);
        if let Some(at) = deadline
            && let (Some(host), Some(this)) = (self.host.upgrade(), self.this.upgrade())
        {
            host.watch(Instant::from_std(at), &this);
        }
        if let Some((why, sockets)) = end {
            self.end(&why, &sockets);
        }
        result
    }
    // ANCHOR_END: with

    /// Tells every namespace, then closes the session, which sends what is queued first.
    fn end(&self, why: &Why, sockets: &[Socket]) {
        tracing::debug!(session = ?self.session, %why, "closed");
        let (reason, close) = match why {
            Why::Protocol(_) => (None, CloseReason::ParseError),
            Why::ConnectTimeout => (None, CloseReason::ConnectTimeout),
            Why::Backlog => (Some(DisconnectReason::Backlog), CloseReason::Forced),
        };
        for socket in sockets {
            socket.disconnect_because(reason.unwrap_or(DisconnectReason::Session(close)));
        }
        self.session.close(close);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn carry_out(&self, output: Output<Socket, Question>) {
        match output {
            Output::Event { to, event } => to.receive(event, self),
            Output::Answer {
                question: (question, since),
                args,
            } => {
                since.answered();
                question.answer(args);
            }
            Output::Left { from } => {
                from.leave_namespace(DisconnectReason::ClientNamespace);
            }
            Output::Refuse { name, message } => {
                measure::refused("limit");
                self.send_refusal(&name, &ConnectError::new(message));
            }
            Output::Ask { key, name, auth } => self.connect(key, &name, auth),
        }
    }

    /// The client asks for a namespace.
    fn connect(&self, key: Key, name: &str, auth: Box<str>) {
        let (Some(this), Some(host)) = (self.this.upgrade(), self.host.upgrade()) else {
            return;
        };
        let Some(value) = args::auth(&auth) else {
            return self.refuse(key, name, &ConnectError::new("Invalid auth payload"));
        };
        match host.find(name, &auth) {
            Found::Now(namespace) => self.enter(key, name, namespace, auth, &value),
            Found::Later(search) => {
                let (patience, name) = (self.rules.connect_timeout, name.to_owned());
                self.tasks.spawn(async move {
                    let search = pin!(Some(timeout(patience, search)));
                    let found = guarded_async(search).await.and_then(Result::ok);
                    let value = args::auth(&auth).unwrap_or_default();
                    this.enter(key, &name, found.flatten(), auth, &value);
                });
            }
        }
    }

    /// The client may enter a namespace, if there is one.
    fn enter(
        &self,
        key: Key,
        name: &str,
        namespace: Option<Namespace>,
        auth: Box<str>,
        value: &Value,
    ) {
        let (Some(this), Some(namespace)) = (self.this.upgrade(), namespace) else {
            return self.refuse(key, name, &ConnectError::new("Invalid namespace"));
        };
        if !namespace.adapter().keeps_sessions() || !namespace.recovers() {
            let socket = self.socket(key, &namespace, auth, value);
            return this.seat(key, &namespace, socket);
        }
        let Some((pid, offset)) = session_of(value) else {
            let socket = self.new_socket(key, &namespace, auth);
            return this.seat(key, &namespace, socket);
        };
        let (pid, offset) = (pid.to_owned(), offset.map(str::to_owned));
        self.tasks.spawn_in(self.session.span(), async move {
            let socket = this
                .fetch(key, &namespace, auth, &pid, offset.as_deref())
                .await;
            this.seat(key, &namespace, socket);
        });
    }

    /// The client has a socket, and is asked for by middleware.
    fn seat(self: &Arc<Self>, key: Key, namespace: &Namespace, socket: Socket) {
        let this = self.clone();
        if !self.with(|machine| machine.admit(key, socket.clone())) {
            // The session has ended in the meantime.
            let reason = DisconnectReason::Session(CloseReason::TransportClose);
            socket.leave_namespace(reason);
            return;
        }
        let middlewares = namespace.middlewares(socket.recovered());
        if middlewares.is_empty() {
            this.accept(&socket);
        } else {
            let patience = self.rules.connect_timeout;
            let work = async move {
                let verdict = pin!(Some(timeout(patience, ask(&middlewares, &socket))));
                match guarded_async(verdict).await {
                    Some(Ok(Ok(()))) => this.accept(&socket),
                    Some(Ok(Err(error))) => this.reject(&socket, &error),
                    _ => this.reject(&socket, &ConnectError::new("timeout")),
                }
            };
            self.tasks.spawn_in(self.session.span(), work);
        }
    }

    /// Makes the socket, with what was kept of it if the client comes back.
    fn socket(
        &self,
        key: Key,
        namespace: &Namespace,
        auth: Box<str>,
        value: &Value,
    ) -> Socket {
        let restored = session_of(value).and_then(|(pid, offset)| {
            let parts = self.parts(key, namespace, auth.clone());
            namespace.restore(pid, offset, |Restored { saved, missed }| {
                let Saved { id, sent, data, .. } = saved;
                parts.restored(id, missed, Some(sent), pid.into(), data)
            })
        });
        if namespace.recovers() && !value["pid"].is_null() {
            measure::recovery(restored.is_some());
        }
        restored.unwrap_or_else(|| self.new_socket(key, namespace, auth))
    }

    /// The same where the adapter keeps the sessions.
    async fn fetch(
        &self,
        key: Key,
        namespace: &Namespace,
        auth: Box<str>,
        pid: &str,
        offset: Option<&str>,
    ) -> Socket {
        let parts = self.parts(key, namespace, auth.clone());
        // It still has to be accepted in time.
        let patience = self.rules.connect_timeout / 2;
        let make = |session: &SessionRecord, missed| {
            let data = Arc::<Data>::default();
            // JSON can be shared.
            let _ = data.share(&session.data);
            parts.restored(session.id.clone(), missed, None, session.pid.clone(), data)
        };
        let restored = namespace
            .restore_from_adapter(pid, offset, patience, make)
            .await;
        measure::recovery(restored.is_some());
        restored.unwrap_or_else(|| self.new_socket(key, namespace, auth))
    }

    fn new_socket(&self, key: Key, namespace: &Namespace, auth: Box<str>) -> Socket {
        let pid = namespace.recovers().then(|| engine_io::random_id().into());
        let local = namespace.local_half();
        let sent = local.keeps_log().then(|| Sent::new(local.next_number()));
        self.parts(key, namespace, auth).new_socket(sent, pid)
    }

    fn parts(&self, key: Key, namespace: &Namespace, auth: Box<str>) -> Parts {
        Parts {
            key,
            link: self.this.clone(),
            session: self.session.clone(),
            parser: self.rules.parser,
            namespace: namespace.clone(),
            auth,
        }
    }

    /// The socket is in: it is told so, then the application.
    fn accept(&self, socket: &Socket) {
        let namespace = socket.namespace();
        let new = !socket.recovered();
        if new {
            namespace.add(socket);
        }
        // It may have left while middleware was asked, and before it was added.
        if socket.has_left() {
            if new {
                drop(namespace.remove(socket, &[], None));
                namespace.removed(socket, Vec::new());
            }
            return self.reject(socket, &ConnectError::new("disconnected"));
        }
        // The handlers must be set before the client knows that it may send; what they
        // emit follows the CONNECT packet.
        if guarded(|| namespace.on_connect(socket)).is_none() {
            complain("a connect handler panicked");
            return self.reject(socket, &ConnectError::new("internal error"));
        }
        let data = match socket.pid() {
            Some(pid) => json!({ "sid": socket.id().as_str(), "pid": &**pid }),
            None => json!({ "sid": socket.id().as_str() }),
        };
        self.with(|machine| machine.accepted(socket.key()));
        let (kind, name) = (PacketType::Connect, namespace.name());
        socket
            .mailbox()
            .open(EncodedPacket::plain(kind, name, &data.to_string()));
    }

    fn reject(&self, socket: &Socket, error: &ConnectError) {
        measure::refused("application");
        let (key, name) = (socket.key(), socket.namespace().name());
        let tell = self.with(|machine| machine.refused(now(), key, name));
        // Leaving undoes what a middleware has joined.
        socket.leave_namespace(DisconnectReason::ServerNamespace);
        if tell {
            self.send_refusal(name, error);
        }
    }

    /// No socket was made.
    fn refuse(&self, key: Key, name: &str, error: &ConnectError) {
        measure::refused("namespace");
        if self.with(|machine| machine.refused(now(), key, name)) {
            self.send_refusal(name, error);
        }
    }

    fn send_refusal(&self, namespace: &str, error: &ConnectError) {
        let data = match &error.data {
            Some(data) => json!({ "message": error.message, "data": data }),
            None => json!({ "message": error.message }),
        };
        let kind = PacketType::ConnectError;
        let packet = EncodedPacket::plain(kind, namespace, &data.to_string());
        let _ = self
            .session
            .send_batch(packet.messages_for(self.rules.parser));
    }
}

/// The private id and the offset with which a client comes back. One that was sent nothing
/// has no offset.
fn session_of(auth: &Value) -> Option<(&str, Option<&str>)> {
    let pid = auth["pid"].as_str()?;
    match &auth["offset"] {
        Value::Null => Some((pid, None)),
        offset => Some((pid, Some(offset.as_str()?))),
    }
}

/// The parts of a socket that its connection knows.
struct Parts {
    key: Key,
    link: Weak<dyn Link>,
    session: Session,
    parser: Parser,
    namespace: Namespace,
    auth: Box<str>,
}

impl Parts {
    fn new_socket(self, sent: Option<Sent>, pid: Option<Arc<str>>) -> Socket {
        let data = Arc::default();
        self.make(SocketId::random(), Vec::new(), sent, pid, data, false)
    }

    fn restored(
        self,
        id: SocketId,
        missed: Vec<EncodedPacket>,
        sent: Option<Sent>,
        pid: Arc<str>,
        data: Arc<Data>,
    ) -> Socket {
        self.make(id, missed, sent, Some(pid), data, true)
    }

    fn make(
        self,
        id: SocketId,
        missed: Vec<EncodedPacket>,
        sent: Option<Sent>,
        pid: Option<Arc<str>>,
        data: Arc<Data>,
        recovered: bool,
    ) -> Socket {
        let budget = self.namespace.outbound_budget();
        let mailbox = Mailbox::new(id, self.session, self.parser, missed, sent, budget);
        Socket::new(SocketParts {
            key: self.key,
            link: self.link,
            mailbox,
            namespace: self.namespace,
            auth: self.auth,
            pid,
            recovered,
            data,
        })
    }
}

async fn ask(
    middlewares: &[Middleware<Socket>],
    socket: &Socket,
) -> Result<(), ConnectError> {
    for middleware in middlewares {
        let verdict = guarded_async(pin!(Some(middleware(socket.clone())))).await;
        verdict.unwrap_or_else(|| {
            complain("a middleware panicked");
            Err(ConnectError::new("internal error"))
        })?;
    }
    Ok(())
}

/// Now, on tokio's clock: tests can stop it.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}

impl Link for Connection {
    fn limits(&self) -> &Limits {
        &self.rules.limits
    }

    fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    fn ask(&self, key: Key, id: u64, question: AckSender) -> bool {
        let question = (question, measure::Since::now());
        self.with(|machine| machine.ask(key, id, question))
    }

    fn forget(&self, key: Key, id: u64) {
        self.with(|machine| machine.forget(key, id));
    }

    fn work_done(&self, cost: usize) {
        self.with(|machine| machine.work_done(cost));
    }

    fn left(&self, key: Key, dynamic: Option<&str>) {
        self.with(|machine| machine.left(now(), key));
        if let (Some(name), Some(host)) = (dynamic, self.host.upgrade()) {
            host.release(name);
        }
    }

    fn disconnect_all(&self) {
        let sockets = self.lock().machine.handles();
        for socket in sockets {
            socket.disconnect();
        }
        self.session.close(CloseReason::Forced);
    }
}

impl Receiver for Connection {
    fn message(&self, message: Message<'_>) {
        let output = self.with(|machine| match message {
            Message::Text(text) => machine.handle_text(now(), text),
            Message::Binary(bytes) => machine.handle_binary(now(), bytes),
        });
        if let Some(output) = output {
            self.carry_out(output);
        }
    }

    fn upgraded(&self) {
        let sockets = self.lock().machine.joined();
        for socket in sockets {
            socket.upgraded(self);
        }
    }

    fn close(&self, reason: CloseReason) {
        // Not here: a send that spent the client's budget can be above us on the stack,
        // with a lock that leaving needs.
        let Some(this) = self.this.upgrade() else {
            return;
        };
        let work = async move {
            let sockets = this.lock().machine.close();
            for socket in sockets {
                socket.leave_namespace(DisconnectReason::Session(reason));
            }
        };
        self.tasks.spawn_in(self.session.span(), work);
    }
}

impl Expire for Connection {
    fn on_deadline(self: &Arc<Self>, now: Instant) -> Option<Instant> {
        self.lock().watched = true;
        self.with(|machine| machine.handle_timeout(now.into_std()));
        let mut state = self.lock();
        let next = state.machine.poll_timeout();
        state.watched = next.is_some();
        next.map(Instant::from_std)
    }
}
