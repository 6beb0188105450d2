//! A client as a value: messages and time go in, messages and news come out. No socket, no
//! clock, no task.
//!
//! One machine is one client for as long as the program has it: a connection with several
//! namespaces on it, the waits between two connections, and what is kept from one to the
//! next. [`driver`](super::driver) carries its wishes out.
//!
//! # The order of calls
//!
//! 1. Hand in what happened: [`open`](Machine::open), [`emit`](Machine::emit) and their
//!    like for the program, the `handle_` methods for the connection.
//! 2. Call [`poll_output`](Machine::poll_output) until it returns `None`, and pass on each
//!    [`Output`], in their order.
//! 3. Do what [`wish`](Machine::wish) says. While it is [`Wish::Carry`], write what
//!    [`poll_transmit`](Machine::poll_transmit) returns, and read if
//!    [`may_read`](Machine::may_read) allows it.
//! 4. Ask [`poll_timeout`](Machine::poll_timeout) when to call
//!    [`handle_timeout`](Machine::handle_timeout).
//!
//! Times must not go backwards. `Q` is the caller's handle for a question; the machine
//! stores it, and hands it back with the answer or drops it.
//!
//! # An event is sent once
//!
//! An event waits in its namespace's queue until the connection can take it. An event that
//! has left the queue is never sent again, since the client cannot know how far it got;
//! one that has not left goes out on the next connection.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use engine_io::{Message, Packet as EnginePacket};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::assembler::{Assembler, parse};
use super::config::{Config, Offline};
use super::error::{ConnectFailure, DisconnectReason, EmitError};
use super::seat::{self, Incoming, Seat};
use crate::error::ParseError;
use crate::wire::args::{self, Args, RawArgs};
use crate::wire::outgoing::EncodedPacket;

/// The cost of news besides their bytes: their place in a queue, the handler's future, and
/// what the allocator adds.
const NEWS_COST: usize = 512;
/// The cost of an attachment besides its bytes.
const ATTACHMENT_COST: usize = 128;
/// Stands for "never" where a sum would overflow.
const FAR: Duration = Duration::from_secs(365 * 86_400);

/// One of a client's namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(usize);

impl Place {
    /// Places count from 0, in the order in which they were made.
    pub(crate) fn index(self) -> usize {
        self.0
    }
}

/// One stay in a namespace. The server's question belongs to the stay that it was asked
/// in: an answer that comes later would be taken for another question's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stay(pub(super) u32);

/// The connection that the machine wants to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// None, or none before the next timeout.
    Rest,
    /// A new one: answered with [`Machine::handle_dialed`] or [`Machine::handle_lost`].
    Dial,
    /// This one.
    Carry,
    /// This one's end, after what was written: answered with
    /// [`Machine::handle_finished`].
    Finish,
}

/// Something that the program wants to know.
#[derive(Debug)]
pub(crate) enum Output<Q> {
    /// For this namespace.
    News(Place, News),
    /// The answer to a question.
    Answer { question: Q, args: Args },
}

/// An occurrence in a namespace. Each is followed by one [`Machine::work_done`] with its
/// [`cost`](News::cost).
#[derive(Debug)]
pub(crate) enum News {
    /// The client is in, with this id; `recovered` if it is the one it had.
    Joined {
        id: Arc<str>,
        recovered: bool,
    },
    /// The client is not in.
    Failed(ConnectFailure),
    Event(Event),
    /// The client is no longer in.
    Left(DisconnectReason),
}

impl News {
    pub(crate) fn cost(&self) -> usize {
        match self {
            Self::Event(event) => event.cost(),
            _ => NEWS_COST,
        }
    }
}

/// An event, complete and checked, not yet decoded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// JSON: the event's name and its arguments.
    pub(super) array: Box<str>,
    pub(super) attachments: Vec<Bytes>,
    /// The acknowledgement that the server wants, if it wants one.
    pub(crate) id: Option<u64>,
    pub(crate) stay: Stay,
}

impl Event {
    pub(super) fn cost(&self) -> usize {
        let bytes: usize = self.attachments.iter().map(Bytes::len).sum();
        NEWS_COST + self.array.len() + bytes + ATTACHMENT_COST * self.attachments.len()
    }

    pub(crate) fn name(&self) -> String {
        // It has been checked.
        args::event_name(&self.array).map_or_else(|_| String::new(), Into::into)
    }

    /// The arguments, with the event's name in front of them.
    pub(crate) fn raw(&self) -> RawArgs<'_> {
        RawArgs {
            array: &self.array,
            skip: 1,
            attachments: &self.attachments,
        }
    }
}

/// The reason for a lost connection.
#[derive(Debug)]
pub(crate) enum Loss {
    /// There never was one.
    Unreachable(String),
    Ended(DisconnectReason),
}

/// A client's state.
#[derive(Debug)]
pub(crate) struct Machine<Q> {
    config: Arc<Config>,
    link: Link,
    /// Attempts that have failed since a namespace was joined.
    failures: u32,
    random: Random,
    /// A ping has come and is to be answered. One answer does for several.
    owes_pong: bool,
    assembler: Assembler,
    seats: Vec<Seat<Q>>,
    /// Whose queue is asked first: each namespace in turn.
    turn: usize,
    stays: u32,
    /// Bytes of news that are not done with.
    kept: usize,
    outputs: VecDeque<Output<Q>>,
}

#[derive(Clone, Copy, Debug)]
enum Link {
    /// No connection, and none wanted.
    Idle,
    /// The next attempt follows then.
    Waiting { until: Instant },
    /// Until then a WebSocket must be open.
    Dialing { until: Instant },
    /// It is: until then the session's open packet must have come.
    Opening { until: Instant },
    /// A ping must come at least once in each period of `beat`.
    Open { beat: Duration, until: Instant },
    /// The client is in no namespace, and the WebSocket is being closed.
    Finishing,
}

/// The data of the session's open packet that matters to us.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OpenData {
    ping_interval: u64,
    ping_timeout: u64,
}

impl<Q> Machine<Q> {
    /// A client that is in no namespace. `seed` is for the random part of the waits.
    pub(crate) fn new(config: Arc<Config>, seed: u64) -> Self {
        Self {
            config,
            link: Link::Idle,
            failures: 0,
            random: Random(seed | 1),
            owes_pong: false,
            assembler: Assembler::default(),
            seats: Vec::new(),
            turn: 0,
            stays: 0,
            kept: 0,
            outputs: VecDeque::new(),
        }
    }

    // --- In: what the program does ---

    /// Returns the namespace's place, a new one if it has none yet; the second value says
    /// whether it is new.
    pub(crate) fn place(&mut self, name: &str) -> (Place, bool) {
        let known = self.seats.iter().position(|seat| seat.name() == name);
        if let Some(index) = known {
            return (Place(index), false);
        }
        self.seats.push(Seat::new(name));
        (Place(self.seats.len() - 1), true)
    }

    /// Sets the payload of the next CONNECT packet.
    pub(crate) fn set_auth(&mut self, place: Place, auth: Map<String, Value>) {
        self.seats[place.0].set_auth(auth);
    }

    /// The program wants to be in this namespace.
    pub(crate) fn open(&mut self, now: Instant, place: Place) {
        let link_is_open = matches!(self.link, Link::Open { .. });
        self.seats[place.0].open(link_is_open);
        if let Link::Idle = self.link {
            self.failures = 0;
            self.dial(now);
        }
    }

    /// The program wants to be in this namespace no more.
    pub(crate) fn leave(&mut self, now: Instant, place: Place) {
        if self.seats[place.0].leave(now) {
            self.tell(place, News::Left(DisconnectReason::Client));
        }
        let unused = !self.seats.iter().any(Seat::is_active);
        if unused && !matches!(self.link, Link::Open { .. } | Link::Finishing) {
            self.end_link();
        }
    }

    /// The program wants to be in no namespace.
    pub(crate) fn leave_all(&mut self, now: Instant) {
        for index in 0..self.seats.len() {
            self.leave(now, Place(index));
        }
    }

    /// Queues an event. With a `question`, its number and the handle for its answer.
    pub(crate) fn emit(
        &mut self,
        place: Place,
        packet: EncodedPacket,
        question: Option<(u64, Q)>,
    ) -> Result<(), EmitError> {
        let may_wait = self.config.offline == Offline::Buffer;
        let seat = &self.seats[place.0];
        if !seat.is_active() || !seat.is_in() && !may_wait {
            return Err(EmitError::NotConnected);
        }
        if self.queued() + seat::cost(&packet) > self.config.limits.max_queue {
            return Err(EmitError::QueueFull);
        }
        self.seats[place.0].emit(packet, question);
        Ok(())
    }

    /// Queues an event if nothing waits before it. Returns whether it did.
    pub(crate) fn emit_volatile(&mut self, place: Place, packet: EncodedPacket) -> bool {
        self.seats[place.0].is_ready() && self.emit(place, packet, None).is_ok()
    }

    /// Queues the answer to the server's question, unless the stay in which it was asked
    /// is over.
    pub(crate) fn answer(
        &mut self,
        now: Instant,
        place: Place,
        stay: Stay,
        packet: EncodedPacket,
    ) {
        self.seats[place.0].answer(stay, packet);
        if self.queued() > self.config.limits.max_queue {
            // The server asks and asks, and does not read.
            self.handle_lost(now, Loss::Ended(DisconnectReason::Backlog));
        }
    }

    /// This answer is no longer awaited. An event that was not sent yet is not sent: the
    /// program was told that it failed, and may have emitted it again.
    pub(crate) fn forget(&mut self, place: Place, id: u64) {
        self.seats[place.0].forget(id);
    }

    /// News have been dealt with.
    pub(crate) fn work_done(&mut self, cost: usize) {
        self.kept = self.kept.saturating_sub(cost);
    }

    // --- In: what the connection does ---

    /// A WebSocket is open.
    pub(crate) fn handle_dialed(&mut self) {
        if let Link::Dialing { until } = self.link {
            self.link = Link::Opening { until };
        }
    }

    /// There is no connection, or no longer.
    pub(crate) fn handle_lost(&mut self, now: Instant, loss: Loss) {
        match self.link {
            Link::Idle | Link::Waiting { .. } => return,
            Link::Finishing => return self.handle_finished(now),
            Link::Dialing { .. } | Link::Opening { .. } | Link::Open { .. } => {}
        }
        self.end_link();
        let may_wait = self.config.offline == Offline::Buffer;
        for index in 0..self.seats.len() {
            if let Some(news) = self.seats[index].handle_lost(&loss, may_wait) {
                self.tell(Place(index), news);
            }
        }
        self.schedule(now);
    }

    /// The connection has been closed as it was wished.
    pub(crate) fn handle_finished(&mut self, now: Instant) {
        self.end_link();
        self.seats.iter_mut().for_each(Seat::handle_finished);
        if self.seats.iter().any(Seat::is_active) {
            self.dial(now);
        }
    }

    /// Handles a text message of the WebSocket.
    pub(crate) fn handle_text(&mut self, now: Instant, text: &str) {
        let Ok(packet) = EnginePacket::decode(text) else {
            return self.handle_lost(now, Loss::Ended(DisconnectReason::TransportError));
        };
        let result = match (packet, self.link) {
            (EnginePacket::Open(json), Link::Opening { .. }) => self.opened(now, json),
            (EnginePacket::Ping(_), Link::Open { beat, .. }) => {
                self.owes_pong = true;
                self.wait_for_ping(now, beat);
                Ok(())
            }
            (EnginePacket::Message(Message::Text(text)), Link::Open { .. }) => {
                self.packet_text(now, text)
            }
            // A binary message may come as text, in base64.
            (EnginePacket::Message(Message::Binary(bytes)), Link::Open { .. }) => {
                self.attachment(now, bytes)
            }
            (EnginePacket::Close, _) => {
                let reason = DisconnectReason::TransportClose;
                return self.handle_lost(now, Loss::Ended(reason));
            }
            (EnginePacket::Message(_), Link::Opening { .. })
            | (EnginePacket::Open(_), Link::Open { .. }) => Err(ParseError::OutOfOrder),
            // Of no meaning over a WebSocket, or after the end.
            _ => Ok(()),
        };
        self.checked(now, result);
    }

    /// Handles a binary message of the WebSocket.
    pub(crate) fn handle_binary(&mut self, now: Instant, bytes: Bytes) {
        let result = match self.link {
            Link::Open { .. } => self.attachment(now, bytes),
            Link::Opening { .. } => Err(ParseError::OutOfOrder),
            _ => Ok(()),
        };
        self.checked(now, result);
    }

    // --- Out ---

    /// Returns the next thing that the program wants to know.
    pub(crate) fn poll_output(&mut self) -> Option<Output<Q>> {
        self.outputs.pop_front()
    }

    /// The connection that the machine wants to have.
    pub(crate) fn wish(&mut self) -> Wish {
        match self.link {
            Link::Idle | Link::Waiting { .. } => Wish::Rest,
            Link::Dialing { .. } => Wish::Dial,
            Link::Open { .. } if !self.seats.iter().any(Seat::needs_link) => {
                self.link = Link::Finishing;
                Wish::Finish
            }
            Link::Opening { .. } | Link::Open { .. } => Wish::Carry,
            Link::Finishing => Wish::Finish,
        }
    }

    /// The next packet to be written: its messages, with nothing between them.
    pub(crate) fn poll_transmit(&mut self) -> Option<EncodedPacket> {
        let Link::Open { .. } = self.link else {
            return None;
        };
        if std::mem::take(&mut self.owes_pong) {
            return Some(EncodedPacket::new([EnginePacket::Pong("").encode()]));
        }
        for _ in 0..self.seats.len() {
            self.turn = (self.turn + 1) % self.seats.len();
            let packet = self.seats[self.turn].poll_transmit();
            if packet.is_some() {
                return packet;
            }
        }
        None
    }

    /// Whether the connection may be read on. Not while the server sends faster than its
    /// events are handled; but always while an acknowledgement is awaited, because it
    /// comes after those events, and a handler may wait for it.
    pub(crate) fn may_read(&self) -> bool {
        self.kept <= self.config.limits.max_inbox
            || self.seats.iter().any(Seat::awaits_answer)
    }

    /// Returns how many bytes wait to be sent.
    pub(crate) fn queued(&self) -> usize {
        self.seats.iter().map(Seat::queued).sum()
    }

    // --- Time ---

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let link = match self.link {
            Link::Idle | Link::Finishing => return None,
            Link::Waiting { until }
            | Link::Dialing { until }
            | Link::Opening { until }
            | Link::Open { until, .. } => until,
        };
        let seats = self.seats.iter().filter_map(Seat::timeout);
        let attachments = self.assembler.timeout(self.config.timeout);
        seats.chain(attachments).chain([link]).min()
    }

    /// Time has passed.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        let is_due = self.poll_timeout().is_some_and(|until| until <= now);
        if !is_due {
            return;
        }
        match self.link {
            Link::Idle | Link::Finishing => {}
            Link::Waiting { .. } => self.dial(now),
            Link::Dialing { .. } | Link::Opening { .. } => {
                self.handle_lost(now, Loss::Unreachable("timeout".into()));
            }
            // The ping may be among the bytes that we do not read.
            Link::Open { beat, until } if until <= now && !self.may_read() => {
                self.wait_for_ping(now, beat);
            }
            Link::Open { until, .. } => {
                let reason = if until <= now {
                    DisconnectReason::PingTimeout
                } else {
                    // A farewell that the server does not read, or attachments that it
                    // does not send.
                    DisconnectReason::TransportError
                };
                self.handle_lost(now, Loss::Ended(reason));
            }
        }
    }

    // --- Inside ---

    fn tell(&mut self, place: Place, news: News) {
        self.kept += news.cost();
        self.outputs.push_back(Output::News(place, news));
    }

    fn dial(&mut self, now: Instant) {
        let until = after(now, self.config.timeout);
        self.link = Link::Dialing { until };
    }

    fn opened(&mut self, now: Instant, json: &str) -> Result<(), ParseError> {
        let data: OpenData = serde_json::from_str(json)?;
        let beat = data.ping_interval.saturating_add(data.ping_timeout);
        self.wait_for_ping(now, Duration::from_millis(beat).min(FAR));
        self.seats.iter_mut().for_each(Seat::handle_opened);
        Ok(())
    }

    fn wait_for_ping(&mut self, now: Instant, beat: Duration) {
        let until = after(now, beat);
        self.link = Link::Open { beat, until };
    }

    fn end_link(&mut self) {
        self.link = Link::Idle;
        self.assembler.clear();
        self.owes_pong = false;
    }

    /// Decides about the next attempt.
    fn schedule(&mut self, now: Instant) {
        if !self.seats.iter().any(Seat::is_active) {
            return;
        }
        if let Some(reconnect) = self.config.reconnect
            && reconnect.attempts.is_none_or(|most| self.failures < most)
        {
            let doubled = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
            let delay = reconnect.first_delay.saturating_mul(doubled);
            let delay = delay.min(reconnect.max_delay);
            let delay = self.random.spread(delay, reconnect.jitter);
            self.failures = self.failures.saturating_add(1);
            let until = after(now, delay);
            self.link = Link::Waiting { until };
            return;
        }
        for index in 0..self.seats.len() {
            if self.seats[index].give_up() && self.config.reconnect.is_some() {
                self.tell(Place(index), News::Failed(ConnectFailure::GaveUp));
            }
        }
    }

    fn checked(&mut self, now: Instant, result: Result<(), ParseError>) {
        if let Err(error) = result {
            tracing::debug!(%error, "the server broke the protocol");
            self.handle_lost(now, Loss::Ended(DisconnectReason::ParseError));
        }
    }

    fn packet_text(&mut self, now: Instant, text: &str) -> Result<(), ParseError> {
        let limits = self.config.limits;
        match self.assembler.text(now, text, &limits)? {
            Some((text, attachments)) => self.packet(now, text, attachments),
            None => Ok(()),
        }
    }

    fn attachment(&mut self, now: Instant, bytes: Bytes) -> Result<(), ParseError> {
        let limits = self.config.limits;
        match self.assembler.attachment(bytes, &limits)? {
            Some((text, attachments)) => self.packet(now, &text, attachments),
            None => Ok(()),
        }
    }

    /// A packet is there, with its attachments.
    fn packet(
        &mut self,
        now: Instant,
        text: &str,
        attachments: Vec<Bytes>,
    ) -> Result<(), ParseError> {
        let packet = parse(text, &self.config.limits)?;
        let named = |seat: &Seat<Q>| seat.name() == packet.namespace;
        let Some(index) = self.seats.iter().position(named) else {
            return Ok(());
        };
        let stay = Stay(self.stays);
        let incoming = self.seats[index].handle(now, stay, &packet, attachments)?;
        match incoming {
            None => {}
            Some(Incoming::Answer { question, args }) => {
                self.outputs.push_back(Output::Answer { question, args });
            }
            Some(Incoming::News(news)) => {
                let is_in = matches!(news, News::Joined { .. });
                self.tell(Place(index), news);
                if is_in {
                    self.stays = self.stays.wrapping_add(1);
                    self.failures = 0;
                    for event in self.seats[index].take_early() {
                        self.tell(Place(index), News::Event(event));
                    }
                }
            }
        }
        let early: usize = self.seats.iter().map(Seat::early_cost).sum();
        if self.kept + early > self.config.limits.max_backlog {
            self.handle_lost(now, Loss::Ended(DisconnectReason::Backlog));
        }
        Ok(())
    }
}

fn after(now: Instant, wait: Duration) -> Instant {
    now.checked_add(wait).unwrap_or_else(|| now + FAR)
}

/// Random numbers that need not be secret (xorshift64).
#[derive(Debug)]
struct Random(u64);

impl Random {
    /// The wait, longer or shorter by up to `jitter` of it.
    fn spread(&mut self, wait: Duration, jitter: f64) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let high = u32::try_from(self.0 >> 32).unwrap_or(0);
        let unit = f64::from(high) / f64::from(u32::MAX);
        let factor = 1.0 + jitter.clamp(0.0, 1.0) * (2.0 * unit - 1.0);
        Duration::try_from_secs_f64(wait.as_secs_f64() * factor).unwrap_or(wait)
    }
}

#[cfg(test)]
mod tests;
