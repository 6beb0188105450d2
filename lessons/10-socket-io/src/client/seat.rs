//! One namespace of a client: where it stands, what it was given to come back with, and
//! the packets on its way out.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::error::{ConnectFailure, DisconnectReason};
use super::machine::{Event, Loss, News, Stay};
use crate::error::{ConnectError, ParseError};
use crate::wire::args::{self, Args};
use crate::wire::outgoing::EncodedPacket;
use crate::wire::packet::{Packet, PacketType};

/// The cost of a packet in the queue besides its bytes.
pub(super) const PACKET_COST: usize = 128;
/// The longest id and offset that are kept. Node's have 20 characters.
const MAX_ID: usize = 256;
/// How long a farewell may take to be written.
const FAREWELL: Duration = Duration::from_secs(5);

/// A namespace.
#[derive(Debug)]
pub(super) struct Seat<Q> {
    name: Arc<str>,
    auth: Map<String, Value>,
    /// The program wants to be in it.
    active: bool,
    phase: Phase,
    stay: Stay,
    /// The private id and the offset that the server wants to see when the client comes
    /// back.
    pid: Option<String>,
    offset: Option<String>,
    queue: VecDeque<Queued>,
    /// The cost of the queue in bytes.
    queued: usize,
    questions: HashMap<u64, Q>,
    /// Events that came before the answer to CONNECT: Node's server sends what was missed
    /// first.
    early: Vec<Event>,
    /// What they cost.
    early_cost: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Out,
    /// CONNECT is to be sent.
    Asking,
    /// CONNECT has been sent; the answer is due.
    Joining,
    In,
    /// DISCONNECT is in the queue, since then. Events behind it are for the next stay.
    Leaving(Instant),
    /// The program has left after CONNECT was sent. The answer is still due, and only
    /// then can DISCONNECT follow: a server that has not let the client in would take it
    /// for a mistake.
    Regretting,
}

#[derive(Debug)]
struct Queued {
    packet: EncodedPacket,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// An event, with the number of the acknowledgement that it asks for.
    Event(Option<u64>),
    /// An acknowledgement, for this stay only.
    Answer,
    /// DISCONNECT: the end of this stay.
    Farewell,
}

/// The meaning of a packet.
#[derive(Debug)]
pub(super) enum Incoming<Q> {
    News(News),
    Answer { question: Q, args: Args },
}

/// The data of the server's CONNECT packet.
#[derive(Deserialize)]
struct ConnectData {
    sid: String,
    pid: Option<String>,
}

/// The data of a `CONNECT_ERROR` packet.
#[derive(Deserialize)]
struct RefusalData {
    message: String,
    data: Option<Value>,
}

impl<Q> Seat<Q> {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            auth: Map::new(),
            active: false,
            phase: Phase::Out,
            stay: Stay(0),
            pid: None,
            offset: None,
            queue: VecDeque::new(),
            queued: 0,
            questions: HashMap::new(),
            early: Vec::new(),
            early_cost: 0,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn set_auth(&mut self, auth: Map<String, Value>) {
        self.auth = auth;
    }

    /// Whether the program wants to be in it.
    pub(super) fn is_active(&self) -> bool {
        self.active
    }

    pub(super) fn is_in(&self) -> bool {
        self.phase == Phase::In
    }

    /// Whether the connection is needed: the program wants to be in, or its last words
    /// are not written.
    pub(super) fn needs_link(&self) -> bool {
        self.active || matches!(self.phase, Phase::Leaving(_))
    }

    /// Whether an answer of the server is awaited.
    pub(super) fn awaits_answer(&self) -> bool {
        !self.questions.is_empty()
    }

    /// Returns the cost of the events that came too early.
    pub(super) fn early_cost(&self) -> usize {
        self.early_cost
    }

    /// Takes the events that came before the client was in.
    pub(super) fn take_early(&mut self) -> Vec<Event> {
        let mut events = std::mem::take(&mut self.early);
        self.early_cost = 0;
        for event in &mut events {
            event.stay = self.stay;
            self.note_offset(event);
        }
        events
    }

    /// Bytes that wait in the queue.
    pub(super) fn queued(&self) -> usize {
        self.queued
    }

    // --- The program ---

    /// The program wants to be in.
    pub(super) fn open(&mut self, link_is_open: bool) {
        self.active = true;
        match self.phase {
            Phase::Out if link_is_open => self.phase = Phase::Asking,
            Phase::Regretting => self.phase = Phase::Joining,
            // While it is leaving, it asks again once the farewell is written.
            _ => {}
        }
    }

    /// The program wants to be out. Returns whether it was in.
    pub(super) fn leave(&mut self, now: Instant) -> bool {
        self.active = false;
        self.forget_place();
        match self.phase {
            Phase::In => {
                self.say_farewell(now);
                return true;
            }
            Phase::Leaving(_) => {}
            Phase::Joining | Phase::Regretting => {
                self.phase = Phase::Regretting;
                self.clear_queue();
            }
            Phase::Out | Phase::Asking => {
                self.phase = Phase::Out;
                self.clear_queue();
            }
        }
        false
    }

    /// The program comes to nothing here: it will not be in.
    pub(super) fn give_up(&mut self) -> bool {
        self.questions.clear();
        self.clear_queue();
        std::mem::take(&mut self.active)
    }

    /// Queues an event.
    pub(super) fn emit(&mut self, packet: EncodedPacket, question: Option<(u64, Q)>) {
        let id = question.as_ref().map(|(id, _)| *id);
        self.questions.extend(question);
        self.push(packet, Kind::Event(id));
    }

    /// Whether an event that is queued now is the next one to be sent.
    pub(super) fn is_ready(&self) -> bool {
        self.phase == Phase::In && self.queue.is_empty()
    }

    /// Queues the answer to a question of this stay.
    pub(super) fn answer(&mut self, stay: Stay, packet: EncodedPacket) {
        if self.phase == Phase::In && self.stay == stay {
            self.push(packet, Kind::Answer);
        }
    }

    /// This answer is no longer awaited, and its question, if it is still here, is not
    /// sent.
    pub(super) fn forget(&mut self, id: u64) {
        self.questions.remove(&id);
        let is_it = |queued: &Queued| queued.kind == Kind::Event(Some(id));
        if let Some(index) = self.queue.iter().position(is_it)
            && let Some(queued) = self.queue.remove(index)
        {
            self.queued -= cost(&queued.packet);
        }
    }

    // --- The connection ---

    /// The connection is free for this namespace: the client asks, if the program wants to
    /// be in.
    pub(super) fn handle_opened(&mut self) {
        if self.active {
            self.phase = Phase::Asking;
        }
    }

    /// The next packet to be written.
    pub(super) fn poll_transmit(&mut self) -> Option<EncodedPacket> {
        match self.phase {
            Phase::Out | Phase::Joining | Phase::Regretting => None,
            Phase::Asking => {
                self.phase = Phase::Joining;
                Some(self.connect())
            }
            Phase::In | Phase::Leaving(_) => {
                let Queued { packet, kind } = self.queue.pop_front()?;
                self.queued -= cost(&packet);
                if kind == Kind::Farewell {
                    self.phase = Phase::Out;
                    // The program may want to be back already.
                    self.handle_opened();
                }
                Some(packet)
            }
        }
    }

    /// The connection has been closed as it was wished.
    pub(super) fn handle_finished(&mut self) {
        self.phase = Phase::Out;
        self.clear_early();
    }

    /// The connection is lost, or did not come about. If events may wait, those that were
    /// not sent do. Returns what the program is told.
    pub(super) fn handle_lost(&mut self, loss: &Loss, may_wait: bool) -> Option<News> {
        if self.active && may_wait {
            self.keep_unsent();
        } else {
            self.questions.clear();
            self.clear_queue();
        }
        self.clear_early();
        let before = std::mem::replace(&mut self.phase, Phase::Out);
        let why = match (before, loss) {
            (Phase::In, Loss::Ended(reason)) => return Some(News::Left(*reason)),
            _ if !self.active => return None,
            (_, Loss::Ended(reason)) => reason.to_string(),
            (_, Loss::Unreachable(why)) => why.clone(),
        };
        Some(News::Failed(ConnectFailure::Unreachable(why)))
    }

    /// When a farewell that is still here is overdue.
    pub(super) fn timeout(&self) -> Option<Instant> {
        match self.phase {
            Phase::Leaving(since) => since.checked_add(FAREWELL),
            _ => None,
        }
    }

    // --- The server ---

    /// Handles a packet for this namespace; `stay` is the number of the stay that may
    /// begin with it. A packet for a place where we are not was sent before the server
    /// knew, and means nothing.
    pub(super) fn handle(
        &mut self,
        now: Instant,
        stay: Stay,
        packet: &Packet<'_>,
        attachments: Vec<Bytes>,
    ) -> Result<Option<Incoming<Q>>, ParseError> {
        let news = match (packet.kind, self.phase) {
            (PacketType::Connect, Phase::Joining) => self.joined(stay, packet.data)?,
            (PacketType::Connect, Phase::Regretting) => {
                self.say_farewell(now);
                None
            }
            (PacketType::ConnectError, Phase::Joining | Phase::Regretting) => {
                let failure = ConnectFailure::Refused(refusal(packet.data));
                self.put_out(News::Failed(failure))
            }
            (PacketType::Disconnect, Phase::In | Phase::Joining | Phase::Leaving(_)) => {
                self.put_out(News::Left(DisconnectReason::Server))
            }
            (PacketType::Event | PacketType::BinaryEvent, Phase::In) => {
                let event = self.event(packet, attachments)?;
                self.note_offset(&event);
                Some(News::Event(event))
            }
            (PacketType::Event | PacketType::BinaryEvent, Phase::Joining) => {
                let event = self.event(packet, attachments)?;
                self.early_cost += event.cost();
                self.early.push(event);
                None
            }
            (PacketType::Ack | PacketType::BinaryAck, Phase::In) => {
                let question = packet.id.and_then(|id| self.questions.remove(&id));
                return Ok(question.map(|question| {
                    let args = Args::from_wire(packet.data, &attachments);
                    Incoming::Answer { question, args }
                }));
            }
            _ => None,
        };
        Ok(news.map(Incoming::News))
    }

    fn joined(&mut self, stay: Stay, data: &str) -> Result<Option<News>, ParseError> {
        let Ok(ConnectData { sid, pid }) = serde_json::from_str(data) else {
            // Protocol 4 has no ids here.
            let message = "the server speaks another version of Socket.IO";
            let failure = ConnectFailure::Refused(ConnectError::new(message));
            return Ok(self.put_out(News::Failed(failure)));
        };
        if sid.len() > MAX_ID || pid.as_ref().is_some_and(|pid| pid.len() > MAX_ID) {
            return Err(ParseError::Data);
        }
        let recovered = pid.is_some() && self.pid == pid;
        if !recovered {
            self.offset = None;
        }
        self.phase = Phase::In;
        self.stay = stay;
        self.pid = pid;
        let id = sid.into();
        Ok(Some(News::Joined { id, recovered }))
    }

    fn event(
        &self,
        packet: &Packet<'_>,
        attachments: Vec<Bytes>,
    ) -> Result<Event, ParseError> {
        args::event_name(packet.data)?;
        Ok(Event {
            array: packet.data.into(),
            attachments,
            id: packet.id,
            stay: self.stay,
        })
    }

    /// With recovery, the last argument of each event is the place to continue from. An
    /// event that wants an answer has none.
    fn note_offset(&mut self, event: &Event) {
        if self.pid.is_some()
            && event.id.is_none()
            && let Some(offset) = last_string(&event.array)
        {
            self.offset = Some(offset);
        }
    }

    /// The server does not let the client in, or puts it out. It stays out until the
    /// program opens the namespace again. A program that has left has been told so.
    fn put_out(&mut self, news: News) -> Option<News> {
        self.phase = Phase::Out;
        self.forget_place();
        self.give_up().then_some(news)
    }

    // --- Inside ---

    fn clear_early(&mut self) {
        self.early = Vec::new();
        self.early_cost = 0;
    }

    fn forget_place(&mut self) {
        self.clear_early();
        self.pid = None;
        self.offset = None;
        self.questions.clear();
    }

    fn push(&mut self, packet: EncodedPacket, kind: Kind) {
        self.queued += cost(&packet);
        self.queue.push_back(Queued { packet, kind });
    }

    fn say_farewell(&mut self, now: Instant) {
        self.phase = Phase::Leaving(now);
        let packet = EncodedPacket::plain(PacketType::Disconnect, &self.name, "");
        self.push(packet, Kind::Farewell);
    }

    /// Keeps the events, and the questions, that belong to no stay that is over.
    fn keep_unsent(&mut self) {
        let is_farewell = |queued: &Queued| queued.kind == Kind::Farewell;
        if let Some(end) = self.queue.iter().position(is_farewell) {
            self.queue.drain(..=end);
        }
        self.queue.retain(|queued| queued.kind != Kind::Answer);
        self.queued = self.queue.iter().map(|it| cost(&it.packet)).sum();
        let unsent: HashSet<_> = self.queue.iter().map(|it| it.kind).collect();
        let is_unsent = |id: u64| unsent.contains(&Kind::Event(Some(id)));
        self.questions.retain(|id, _| is_unsent(*id));
    }

    fn clear_queue(&mut self) {
        self.queue = VecDeque::new();
        self.queued = 0;
    }

    /// The CONNECT packet: the program's payload, and where to continue.
    fn connect(&self) -> EncodedPacket {
        let mut auth = self.auth.clone();
        for (key, value) in [("pid", &self.pid), ("offset", &self.offset)] {
            if let Some(value) = value {
                auth.insert(key.into(), value.as_str().into());
            }
        }
        let data = if auth.is_empty() {
            String::new()
        } else {
            Value::Object(auth).to_string()
        };
        EncodedPacket::plain(PacketType::Connect, &self.name, &data)
    }
}

pub(super) fn cost(packet: &EncodedPacket) -> usize {
    packet.size() + PACKET_COST * packet.messages().len()
}

/// The last argument of an event's array, if it is a string that can be an offset.
fn last_string(array: &str) -> Option<String> {
    let elements: Vec<&RawValue> = serde_json::from_str(array).ok()?;
    let last: String = serde_json::from_str(elements.get(1..)?.last()?.get()).ok()?;
    (last.len() <= MAX_ID).then_some(last)
}

/// The reason in a `CONNECT_ERROR` packet.
fn refusal(data: &str) -> ConnectError {
    match serde_json::from_str(data) {
        Ok(RefusalData { message, data }) => ConnectError { message, data },
        // Older servers send text.
        Err(_) => ConnectError::new(
            serde_json::from_str(data)
                .unwrap_or_else(|_| String::from("the server gave no reason")),
        ),
    }
}
