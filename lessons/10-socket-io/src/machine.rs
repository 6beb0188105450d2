//! One connection as a value: packets and time go in, decisions come out. No session, no
//! clock, no task.
//!
//! Everything that the protocol says about one client is here: which namespaces it is in,
//! which attachments are due, which questions it owes an answer, and how many bytes of
//! its events the server keeps. [`connection`](crate::connection) carries the decisions
//! out.
//!
//! # The order of calls
//!
//! 1. Hand in what happened with one of the `handle_` methods, or with
//!    [`admit`](Machine::admit), [`accepted`](Machine::accepted),
//!    [`refused`](Machine::refused), [`left`](Machine::left), [`ask`](Machine::ask),
//!    [`forget`](Machine::forget) or [`work_done`](Machine::work_done).
//! 2. Carry out the [`Output`] that a `handle_` method returned. Each
//!    [`Output::Ask`] is followed by `admit` and then by `accepted`, or by `refused`; each
//!    [`Output::Event`] by one `work_done` with its cost.
//! 3. Call [`poll`](Machine::poll) until it returns `None`, and carry out each
//!    [`Decision`], in their order.
//! 4. Ask [`poll_timeout`](Machine::poll_timeout) when to call
//!    [`handle_timeout`](Machine::handle_timeout).
//!
//! Times must not go backwards. After [`close`](Machine::close), or after a
//! [`Decision::Close`], every input is ignored.
//!
//! `H` is the handle that the caller keeps for a namespace that the client is in, and `Q`
//! the one for a question. The machine only stores them and hands them back.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::error::ParseError;
use crate::limits::Limits;
use crate::wire::args::{self, Args, RawArgs};
use crate::wire::binary;
use crate::wire::packet::{Packet, PacketLimits, PacketType};
use crate::wire::parser::{Parser, Translate};

/// The cost of an event besides its text and its attachments: its place in the queue, the
/// handler's future, and what the allocator adds.
pub(crate) const EVENT_COST: usize = 512;
/// The cost of an attachment besides its bytes.
pub(crate) const ATTACHMENT_COST: usize = 128;

/// The rules of a server for every connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) limits: Limits,
    /// How long a client may be in no namespace, and attachments may take.
    pub(crate) connect_timeout: Duration,
    pub(crate) parser: Parser,
}

/// One stay of a client in a namespace. A client that leaves and comes back gets another
/// key, so a late answer to the first request is not taken for one to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key(u32);

/// The meaning of a packet.
#[derive(Debug)]
pub(crate) enum Output<H, Q> {
    /// The client asks for a namespace.
    Ask {
        key: Key,
        name: Arc<str>,
        /// JSON, or nothing.
        auth: Box<str>,
    },
    /// The client asks for a namespace that it cannot have.
    Refuse {
        name: Box<str>,
        message: &'static str,
    },
    /// An event to be handled.
    Event { to: H, event: Event },
    /// The answer to a question.
    Answer { question: Q, args: Args },
    /// The client has left a namespace.
    Left { from: H },
}

/// An event, complete and checked, not yet decoded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// JSON: the event's name and its arguments.
    pub(crate) array: Box<str>,
    pub(crate) attachments: Vec<Bytes>,
    /// The number of the acknowledgement that the client wants.
    pub(crate) id: Option<u64>,
    /// What [`Machine::work_done`] is to be given.
    pub(crate) cost: usize,
}

/// A decision about the whole connection.
#[derive(Debug)]
pub(crate) enum Decision {
    /// Read no further: the client sends faster than its events are handled.
    Pause,
    /// Read on.
    Resume,
    /// Tell every namespace, then close the session.
    Close(Why),
}

/// Why the machine closes a connection.
#[derive(Debug)]
pub(crate) enum Why {
    /// The client broke the protocol.
    Protocol(ParseError),
    /// No namespace accepted the client in time.
    ConnectTimeout,
    /// More than [`Limits::max_backlog`] waits.
    Backlog,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(error) => error.fmt(f),
            Self::ConnectTimeout => f.write_str("no namespace joined in time"),
            Self::Backlog => f.write_str("too many events waiting"),
        }
    }
}

/// One connection's state.
#[derive(Debug)]
pub(crate) struct Machine<H, Q> {
    rules: Arc<Rules>,
    /// A handful, and usually one.
    seats: Vec<Seat<H>>,
    next_key: u32,
    pending: Option<Box<Pending>>,
    questions: HashMap<(Key, u64), Q>,
    /// Since when the client is in no namespace.
    stranger_since: Option<Instant>,
    /// Bytes of events that are not done with.
    kept: usize,
    /// Bytes of auth payloads.
    auth: usize,
    /// The last decision that the caller got.
    paused: bool,
    closing: Option<Why>,
    closed: bool,
}

#[derive(Debug)]
struct Seat<H> {
    key: Key,
    name: Arc<str>,
    auth: usize,
    handle: Option<H>,
    /// Middleware has accepted the client.
    accepted: bool,
}

/// A packet that waits for its attachments.
#[derive(Debug)]
struct Pending {
    text: Box<str>,
    count: usize,
    attachments: Vec<Bytes>,
    bytes: usize,
    since: Instant,
}

impl<H: Clone, Q> Machine<H, Q> {
    /// A connection that was opened now.
    pub(crate) fn new(now: Instant, rules: Arc<Rules>) -> Self {
        Self {
            rules,
            seats: Vec::new(),
            next_key: 0,
            pending: None,
            questions: HashMap::new(),
            stranger_since: Some(now),
            kept: 0,
            auth: 0,
            paused: false,
            closing: None,
            closed: false,
        }
    }

    // --- In: what the client sends ---

    /// Handles a text message.
    pub(crate) fn handle_text(
        &mut self,
        now: Instant,
        text: &str,
    ) -> Option<Output<H, Q>> {
        if self.has_ended() {
            return None;
        }
        let output = match self.rules.parser.translation() {
            None => self.text(now, text),
            Some(_) => Err(ParseError::UnknownType),
        };
        self.checked(output)
    }

    /// Handles a binary message.
    pub(crate) fn handle_binary(
        &mut self,
        now: Instant,
        bytes: Bytes,
    ) -> Option<Output<H, Q>> {
        if self.has_ended() {
            return None;
        }
        let output = match self.rules.parser.translation() {
            None => self.binary(bytes),
            Some(parser) => self.translated(now, bytes, parser),
        };
        self.checked(output)
    }

    // --- In: what the server does ---

    /// The caller has made a handle for an [`Output::Ask`]. Returns `false` if the client
    /// has left already.
    pub(crate) fn admit(&mut self, key: Key, handle: H) -> bool {
        let seat = self.seats.iter_mut().find(|seat| seat.key == key);
        seat.map(|seat| seat.handle = Some(handle)).is_some()
    }

    /// The client is in: from now on its events are handled. Called before the client is
    /// told, because its first event can be faster than the caller.
    pub(crate) fn accepted(&mut self, key: Key) {
        if let Some(seat) = self.seats.iter_mut().find(|seat| seat.key == key) {
            seat.accepted = true;
            self.stranger_since = None;
        }
    }

    /// The client was refused. Returns whether it should be told: a client that has
    /// left and asked again would take this for the answer to its second request.
    pub(crate) fn refused(&mut self, now: Instant, key: Key, name: &str) -> bool {
        self.left(now, key);
        !self.closed && !self.seats.iter().any(|seat| *seat.name == *name)
    }

    /// The socket has left its namespace, by the wish of either side.
    pub(crate) fn left(&mut self, now: Instant, key: Key) {
        if let Some(index) = self.seats.iter().position(|seat| seat.key == key) {
            drop(self.unseat(now, index));
        }
    }

    /// The client is asked something. Returns `false` if it is not there.
    pub(crate) fn ask(&mut self, key: Key, id: u64, question: Q) -> bool {
        let seated = self.seats.iter().any(|seat| seat.key == key);
        if seated {
            self.questions.insert((key, id), question);
        }
        seated
    }

    /// This answer is no longer awaited.
    pub(crate) fn forget(&mut self, key: Key, id: u64) {
        self.questions.remove(&(key, id));
    }

    /// An event has been handled.
    pub(crate) fn work_done(&mut self, cost: usize) {
        self.kept = self.kept.saturating_sub(cost);
    }

    /// The session has ended. Returns the handles of all namespaces that the client was
    /// in, or was about to join.
    pub(crate) fn close(&mut self) -> Vec<H> {
        self.closed = true;
        self.pending = None;
        self.questions.clear();
        self.auth = 0;
        let seats = std::mem::take(&mut self.seats);
        seats.into_iter().filter_map(|seat| seat.handle).collect()
    }

    // --- Out ---

    /// The next decision, if there is one.
    pub(crate) fn poll(&mut self) -> Option<Decision> {
        if self.closed {
            return None;
        }
        if let Some(why) = self.closing.take() {
            self.closed = true;
            return Some(Decision::Close(why));
        }
        let pause = self.wants_pause();
        if pause == self.paused {
            return None;
        }
        self.paused = pause;
        Some(if pause {
            Decision::Pause
        } else {
            Decision::Resume
        })
    }

    /// The handles of the namespaces that have accepted the client.
    pub(crate) fn joined(&self) -> Vec<H> {
        let joined = self.seats.iter().filter(|seat| seat.accepted);
        joined.filter_map(|seat| seat.handle.clone()).collect()
    }

    /// The handles of all namespaces, those that have not decided yet too.
    pub(crate) fn handles(&self) -> Vec<H> {
        let handles = self.seats.iter();
        handles.filter_map(|seat| seat.handle.clone()).collect()
    }

    /// Whether nothing more is handled.
    pub(crate) fn has_ended(&self) -> bool {
        self.closed || self.closing.is_some()
    }

    /// Bytes that the client makes the server keep: events, a packet that waits for its
    /// attachments, and auth payloads.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> usize {
        let pending = self.pending.as_ref();
        self.kept
            + self.auth
            + pending.map_or(0, |pending| pending.text.len() + pending.bytes)
    }

    // --- Time ---

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        if self.has_ended() {
            return None;
        }
        let pending = self.pending.as_ref().map(|pending| pending.since);
        let since = match (self.stranger_since, pending) {
            (Some(a), Some(b)) => a.min(b),
            (a, b) => a.or(b)?,
        };
        since.checked_add(self.rules.connect_timeout)
    }

    /// Time has passed.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.has_ended() {
            return;
        }
        let timeout = self.rules.connect_timeout;
        let due = |since: Instant| now.saturating_duration_since(since) >= timeout;
        if self.stranger_since.is_some_and(due) {
            self.closing = Some(Why::ConnectTimeout);
        } else if self.pending.as_ref().is_some_and(|it| due(it.since)) {
            self.pending = None;
            self.closing = Some(Why::Protocol(ParseError::Overdue));
        }
    }

    // --- Inside ---

    // ANCHOR: pause
    /// Whether the connection should be read no further. Never while the client owes an
    /// answer: the answer comes after the events that fill the inbox, and the handler that
    /// waits for it is what empties it.
    fn wants_pause(&self) -> bool {
        let limit = if self.paused {
            self.rules.limits.max_inbox / 2
        } else {
            self.rules.limits.max_inbox
        };
        self.kept > limit && self.questions.is_empty()
    }
    // ANCHOR_END: pause

    fn checked(
        &mut self,
        output: Result<Option<Output<H, Q>>, ParseError>,
    ) -> Option<Output<H, Q>> {
        output.unwrap_or_else(|error| {
            self.pending = None;
            self.closing = Some(Why::Protocol(error));
            None
        })
    }

    fn packet<'a>(&self, text: &'a str) -> Result<Packet<'a>, ParseError> {
        let limits = PacketLimits {
            max_attachments: self.rules.limits.max_attachments,
            max_depth: self.rules.limits.max_depth,
        };
        Packet::parse_within(text, limits)
    }

    fn text(
        &mut self,
        now: Instant,
        text: &str,
    ) -> Result<Option<Output<H, Q>>, ParseError> {
        let packet = self.packet(text)?;
        if self.pending.is_some() {
            return Err(ParseError::OutOfOrder);
        }
        if packet.attachments == 0 {
            if !packet.data.is_empty() {
                binary::check_json(packet.data)?;
            }
            return self.complete(now, &packet, Vec::new(), 0);
        }
        self.pending = Some(Box::new(Pending {
            text: text.into(),
            count: packet.attachments,
            attachments: Vec::new(),
            bytes: 0,
            since: now,
        }));
        Ok(None)
    }

    fn binary(&mut self, bytes: Bytes) -> Result<Option<Output<H, Q>>, ParseError> {
        let pending = self.pending.as_mut().ok_or(ParseError::OutOfOrder)?;
        pending.bytes += bytes.len();
        if pending.bytes > self.rules.limits.max_attachment_bytes {
            return Err(ParseError::AttachmentBytes);
        }
        pending.attachments.push(bytes);
        if pending.attachments.len() < pending.count {
            return Ok(None);
        }
        let Some(pending) = self.pending.take() else {
            return Ok(None);
        };
        let packet = self.packet(&pending.text)?;
        if !binary::placeholders_fit(packet.data, pending.count)? {
            return Err(ParseError::Placeholder);
        }
        self.complete(pending.since, &packet, pending.attachments, pending.bytes)
    }

    /// A packet in another encoding, complete in one message.
    fn translated(
        &mut self,
        now: Instant,
        message: Bytes,
        parser: &dyn Translate,
    ) -> Result<Option<Output<H, Q>>, ParseError> {
        // The attachments keep all of it in memory.
        let kept = message.len();
        let (text, attachments) = parser.read(message, &self.rules.limits)?;
        if attachments.is_empty() {
            return self.text(now, &text);
        }
        let bytes: usize = attachments.iter().map(Bytes::len).sum();
        if bytes > self.rules.limits.max_attachment_bytes {
            return Err(ParseError::AttachmentBytes);
        }
        let packet = self.packet(&text)?;
        if !binary::placeholders_fit(packet.data, attachments.len())? {
            return Err(ParseError::Placeholder);
        }
        self.complete(now, &packet, attachments, kept)
    }

    /// A packet is there, with its attachments, which keep so many `bytes`, and its data
    /// is JSON.
    fn complete(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        attachments: Vec<Bytes>,
        bytes: usize,
    ) -> Result<Option<Output<H, Q>>, ParseError> {
        let named = |seat: &Seat<H>| *seat.name == *packet.namespace;
        let seat = self.seats.iter().position(named);
        let Some(index) = seat else {
            // Anything for a namespace that the client is not in breaks the protocol.
            return match packet.kind {
                PacketType::Connect => Ok(Some(self.connect(packet))),
                _ => Err(ParseError::OutOfOrder),
            };
        };
        match packet.kind {
            PacketType::Event | PacketType::BinaryEvent => {
                self.event(index, packet, attachments, bytes)
            }
            PacketType::Ack | PacketType::BinaryAck if self.seats[index].accepted => {
                let id = packet.id.ok_or(ParseError::Id)?;
                let key = self.seats[index].key;
                // An answer to no question is nothing.
                let Some(question) = self.questions.remove(&(key, id)) else {
                    return Ok(None);
                };
                let args = Args::from_wire(packet.data, &attachments);
                Ok(Some(Output::Answer { question, args }))
            }
            PacketType::Disconnect => {
                let handle = self.unseat(now, index);
                Ok(handle.map(|from| Output::Left { from }))
            }
            // CONNECT twice, CONNECT_ERROR from a client, an acknowledgement before the
            // client was let in.
            _ => Err(ParseError::OutOfOrder),
        }
    }

    fn connect(&mut self, packet: &Packet<'_>) -> Output<H, Q> {
        let limits = &self.rules.limits;
        let refuse = |message| Output::Refuse {
            name: packet.namespace.into(),
            message,
        };
        if packet.data.len() > limits.max_auth.saturating_sub(self.auth) {
            return refuse("The auth payload is too large");
        }
        if self.seats.len() >= limits.max_namespaces {
            return refuse("Too many namespaces");
        }
        let (key, name) = (Key(self.next_key), Arc::from(packet.namespace));
        self.next_key = self.next_key.wrapping_add(1);
        self.auth += packet.data.len();
        self.seats.push(Seat {
            key,
            name: Arc::clone(&name),
            auth: packet.data.len(),
            handle: None,
            accepted: false,
        });
        let auth = packet.data.into();
        Output::Ask { key, name, auth }
    }

    fn event(
        &mut self,
        index: usize,
        packet: &Packet<'_>,
        attachments: Vec<Bytes>,
        bytes: usize,
    ) -> Result<Option<Output<H, Q>>, ParseError> {
        let Some(to) = self.seats[index]
            .handle
            .clone()
            .filter(|_| self.seats[index].accepted)
        else {
            return Err(ParseError::OutOfOrder);
        };
        args::event_name(packet.data)?;
        let cost =
            EVENT_COST + packet.data.len() + bytes + ATTACHMENT_COST * attachments.len();
        if self.kept + cost > self.rules.limits.max_backlog {
            self.closing = Some(Why::Backlog);
            return Ok(None);
        }
        self.kept += cost;
        Ok(Some(Output::Event {
            to,
            event: Event {
                array: packet.data.into(),
                attachments,
                id: packet.id,
                cost,
            },
        }))
    }

    /// Removes a seat with all that belongs to it.
    fn unseat(&mut self, now: Instant, index: usize) -> Option<H> {
        let seat = self.seats.swap_remove(index);
        self.auth -= seat.auth;
        if !self.questions.is_empty() {
            self.questions.retain(|(key, _), _| *key != seat.key);
        }
        if self.stranger_since.is_none() && !self.seats.iter().any(|it| it.accepted) {
            self.stranger_since = Some(now);
        }
        seat.handle
    }
}

impl Event {
    /// The arguments, with the event's name in front of them.
    pub(crate) fn raw(&self) -> RawArgs<'_> {
        RawArgs {
            array: &self.array,
            skip: 1,
            attachments: &self.attachments,
        }
    }
}

#[cfg(test)]
mod tests;
