//! The session as a value: packets and time go in, packets and decisions come out. No
//! socket, no clock, no task.
//!
//! Everything the protocol says about one session is here, so that it can be read in one
//! sitting and tested without a network. The transports around it only carry bytes.
//!
//! ```text
//!            handshake by polling             handshake by WebSocket
//!                    │                                 │
//!                    ▼      2probe                     ▼
//!               ┌─────────┐ ─────────► ┌─────────┐  5  ┌───────────┐
//!               │ Polling │            │ Probing │ ──► │ WebSocket │
//!               └─────────┘ ◄───────── └─────────┘     └───────────┘
//!                    │  probe gave up       │                │
//!                    └──────────┬───────────┴────────────────┘
//!                               ▼
//!                   Closing: what waits is sent first
//!                               ▼
//!                            Closed
//! ```

use std::collections::VecDeque;
use std::time::{Duration, Instant};
use std::{fmt, mem};

use crate::config::{Config, Transport};
use crate::packet::{EncodedMessage, Message, Packet};
use crate::refusal::Refusal;

/// A deadline that is served this much late still counts from when it was due, so that
/// lateness does not add up.
const LATENESS: Duration = Duration::from_millis(50);

/// Why a session ended. `Display` gives the words that Socket.IO users know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The client closed, or its connection ended.
    TransportClose,
    /// The transport failed: a broken frame, two polls at once.
    TransportError,
    /// No pong within `ping_timeout`.
    PingTimeout,
    /// The client sent what is no packet.
    ParseError,
    /// The client read slower than it was sent to, and its outbound budget was spent.
    SlowReader,
    /// The client opened a session and then did not join anything in time.
    ConnectTimeout,
    /// The server is going down.
    ServerShutdown,
    /// The application closed the session.
    Forced,
}

impl CloseReason {
    /// Whether the server ends the session of its own accord, in peace: what waits is
    /// sent first.
    fn is_orderly(self) -> bool {
        matches!(
            self,
            Self::ConnectTimeout | Self::ServerShutdown | Self::Forced
        )
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TransportClose => "transport close",
            Self::TransportError => "transport error",
            Self::PingTimeout => "ping timeout",
            Self::ParseError => "parse error",
            Self::SlowReader => "slow reader",
            Self::ConnectTimeout => "connect timeout",
            Self::ServerShutdown => "server shutting down",
            Self::Forced => "forced close",
        })
    }
}

/// The session has ended; nothing more can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session is closed")]
pub struct Closed;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Polling,
    /// A WebSocket is being tried. `confirmed` once its probe was answered: from here on
    /// polls are let go.
    Probing {
        confirmed: bool,
    },
    WebSocket,
    Closing {
        transport: Transport,
        until: Instant,
    },
    Closed,
}

#[derive(Clone, Copy, Debug)]
enum Heartbeat {
    /// The next ping is due.
    PingAt(Instant),
    /// A ping is out; its pong has until then.
    PongBy(Instant),
}

/// What a WebSocket that probes is told to do with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Answer `3probe`.
    Confirm,
    /// The session has moved here.
    Upgraded,
    /// Close this WebSocket; the session stays where it was.
    GiveUp,
}

/// One session's state.
///
/// A session that opens by polling, and moves to a WebSocket while a GET waits:
///
/// ```
/// use engine_io::machine::{Machine, Probe};
/// use engine_io::{Config, EncodedMessage, Packet, Transport};
/// use std::{collections::VecDeque, time::Instant};
///
/// let now = Instant::now();
/// let mut machine = Machine::new(now, Transport::Polling, &Config::default(), Packet::Open("{}").encode());
/// machine.begin_poll(now)?;
/// assert_eq!(machine.poll().map(|packets| packets.len()), Some(1), "the handshake is there already");
///
/// // The client says something, by POST.
/// machine.begin_post(now)?;
/// assert!(matches!(machine.receive(now, Packet::decode("4hello")?), Ok(Some(_))));
/// machine.end_post();
///
/// // The next GET finds nothing, and waits. The probe of a WebSocket has it answered with a noop.
/// machine.begin_poll(now)?;
/// assert!(machine.poll().is_none() && machine.is_writable());
/// assert!(machine.begin_probe());
/// assert_eq!(machine.receive_probe(&Packet::Ping("probe")), Probe::Confirm);
/// assert!(machine.has_output());
/// assert_eq!(machine.poll(), Some(vec![Packet::Noop.encode()]));
/// assert_eq!(machine.receive_probe(&Packet::Upgrade), Probe::Upgraded);
/// // Had it broken off before, `machine.probe_ended()` would have gone back to polling.
///
/// // From here on the writer takes what is queued, and says when it is written.
/// machine.send(now, &[EncodedMessage::text("hello to you")])?;
/// let mut writes = VecDeque::new();
/// machine.take(&mut writes);
/// assert!(!machine.is_writable(), "a volatile message would have to wait");
/// machine.wrote(writes.iter().map(EncodedMessage::size).sum());
/// assert!(machine.is_writable());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A client that does not answer, and an application that does not read meanwhile:
///
/// ```
/// use engine_io::machine::{CloseReason, Machine};
/// use engine_io::{Config, Packet, Transport};
/// use std::time::Instant;
///
/// let open = Packet::Open("{}").encode();
/// let mut machine = Machine::new(Instant::now(), Transport::WebSocket, &Config::default(), open);
/// let ping = machine.next_deadline().expect("a heart that beats");
/// machine.on_deadline(ping);
/// let pong = machine.next_deadline().expect("an answer is due");
///
/// // Who does not read cannot have seen the pong: nobody is closed for that.
/// machine.set_paused(ping, true);
/// assert!(machine.is_paused());
/// machine.on_deadline(pong);
/// assert_eq!(machine.ended(), None);
///
/// machine.set_paused(pong, false);
/// let late = machine.next_deadline().expect("the answer may still come");
/// machine.on_deadline(late);
/// assert_eq!(machine.ended(), Some(CloseReason::PingTimeout));
/// machine.writer_ended();
/// assert!(machine.is_closed());
/// ```
#[derive(Debug)]
pub struct Machine {
    ping_interval: Duration,
    ping_timeout: Duration,
    budget: usize,
    phase: Phase,
    reason: Option<CloseReason>,
    heartbeat: Heartbeat,
    queue: VecDeque<EncodedMessage>,
    /// Bytes in `queue`, and bytes taken from it that are not yet written.
    outstanding: usize,
    /// A GET waits.
    polled: bool,
    /// A POST is being read.
    posting: bool,
    paused: bool,
}

impl Machine {
    /// A session that opens over `transport`; `open` is its first packet, the handshake.
    pub fn new(
        now: Instant,
        transport: Transport,
        config: &Config,
        open: EncodedMessage,
    ) -> Self {
        Self {
            ping_interval: config.ping_interval,
            ping_timeout: config.ping_timeout,
            budget: config.outbound_budget,
            phase: match transport {
                Transport::Polling => Phase::Polling,
                Transport::WebSocket => Phase::WebSocket,
            },
            reason: None,
            heartbeat: Heartbeat::PingAt(now + config.ping_interval),
            outstanding: open.size(),
            queue: VecDeque::from([open]),
            polled: false,
            posting: false,
            paused: false,
        }
    }

    /// What carries the session now.
    pub fn transport(&self) -> Transport {
        match self.phase {
            Phase::Polling | Phase::Probing { .. } => Transport::Polling,
            Phase::WebSocket | Phase::Closed => Transport::WebSocket,
            Phase::Closing { transport, .. } => transport,
        }
    }

    /// Why the session ended, once it has: nothing is received or queued any more.
    pub fn ended(&self) -> Option<CloseReason> {
        self.reason
    }

    /// Whether nothing is left to send either.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    // --- Time ---

    /// When [`on_deadline`](Self::on_deadline) wants to be called next.
    pub fn next_deadline(&self) -> Option<Instant> {
        match (self.phase, self.heartbeat) {
            (Phase::Closed, _) => None,
            (Phase::Closing { until, .. }, _) => Some(until),
            (_, Heartbeat::PingAt(at) | Heartbeat::PongBy(at)) => Some(at),
        }
    }

    // ANCHOR: heartbeat
    /// Time has passed: pings, or gives up.
    pub fn on_deadline(&mut self, now: Instant) {
        match (self.phase, self.heartbeat) {
            (Phase::Closing { until, .. }, _) if now >= until => self.drop_everything(),
            (Phase::Closing { .. } | Phase::Closed, _) => {}
            (_, Heartbeat::PingAt(due)) if now >= due => {
                let sent = if now - due < LATENESS { due } else { now };
                self.heartbeat = Heartbeat::PongBy(sent + self.ping_timeout);
                self.push(Packet::Ping("").encode());
            }
            (_, Heartbeat::PongBy(due)) if now >= due => {
                if self.paused {
                    // We are the ones who do not listen.
                    self.heartbeat = Heartbeat::PongBy(now + self.ping_timeout);
                } else {
                    self.close(now, CloseReason::PingTimeout);
                }
            }
            _ => {}
        }
    }
    // ANCHOR_END: heartbeat

    // --- In ---

    /// A packet came in over the session's transport. Returns the message in it, if it is
    /// one.
    ///
    /// # Errors
    /// The session is closed, or this packet has closed it.
    pub fn receive<'a>(
        &mut self,
        now: Instant,
        packet: Packet<'a>,
    ) -> Result<Option<Message<'a>>, CloseReason> {
        if let Some(reason) = self.reason {
            return Err(reason);
        }
        match packet {
            Packet::Message(message) => return Ok(Some(message)),
            Packet::Pong(_) => {
                if let Heartbeat::PongBy(_) = self.heartbeat {
                    self.heartbeat = Heartbeat::PingAt(now + self.ping_interval);
                }
            }
            Packet::Close => self.close_by_client(),
            // In protocol 4 the server asks and the client answers.
            Packet::Ping(_) => self.close(now, CloseReason::TransportError),
            // Nothing a client needs to say here, and nothing that harms: the reference
            // server lets them pass.
            Packet::Open(_) | Packet::Upgrade | Packet::Noop => {}
        }
        self.reason.map_or(Ok(None), Err)
    }

    /// Stops or continues the heartbeat's patience while the application does not read.
    pub fn set_paused(&mut self, now: Instant, paused: bool) {
        if self.paused
            && !paused
            && let Heartbeat::PongBy(_) = self.heartbeat
        {
            self.heartbeat = Heartbeat::PongBy(now + self.ping_timeout);
        }
        self.paused = paused;
    }

    /// Whether the application has asked not to be given more.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    // --- Polling ---

    /// A GET has come. On success it waits until [`poll`](Self::poll) answers it.
    ///
    /// # Errors
    /// The session is on another transport, gone, or already has a GET that waits: that
    /// closes it.
    pub fn begin_poll(&mut self, now: Instant) -> Result<(), Refusal> {
        self.on_deadline(now);
        if self.is_closed() {
            return Err(Refusal::UnknownSession);
        }
        if self.transport() != Transport::Polling {
            return Err(Refusal::BadRequest);
        }
        if self.polled {
            self.close(now, CloseReason::TransportError);
            return Err(Refusal::BadRequest);
        }
        self.polled = true;
        Ok(())
    }

    /// What the waiting GET is answered with; `None` while there is nothing to say.
    pub fn poll(&mut self) -> Option<Vec<EncodedMessage>> {
        let answer = match self.phase {
            Phase::Closed if self.reason == Some(CloseReason::TransportClose) => {
                vec![Packet::Noop.encode()]
            }
            Phase::Closed => vec![Packet::Close.encode()],
            Phase::Closing { .. } => {
                let mut packets = self.drain();
                packets.push(Packet::Close.encode());
                self.drop_everything();
                packets
            }
            Phase::WebSocket => vec![Packet::Noop.encode()],
            _ if !self.queue.is_empty() => self.drain(),
            Phase::Probing { confirmed: true } => vec![Packet::Noop.encode()],
            Phase::Polling | Phase::Probing { .. } => return None,
        };
        self.polled = false;
        Some(answer)
    }

    /// The waiting GET went away before it was answered: the client is gone.
    ///
    /// ```
    /// # use engine_io::{Config, Packet, Transport, machine::{CloseReason, Machine}};
    /// # let now = std::time::Instant::now();
    /// # let mut machine = Machine::new(now, Transport::Polling, &Config::default(), Packet::Open("{}").encode());
    /// machine.poll_abandoned(now);
    /// assert_eq!(machine.ended(), Some(CloseReason::TransportClose));
    /// ```
    pub fn poll_abandoned(&mut self, now: Instant) {
        self.polled = false;
        self.close(now, CloseReason::TransportClose);
    }

    /// A POST has come; [`end_post`](Self::end_post) must follow.
    ///
    /// # Errors
    /// As [`begin_poll`](Self::begin_poll): two POSTs at once close the session.
    pub fn begin_post(&mut self, now: Instant) -> Result<(), Refusal> {
        self.on_deadline(now);
        if self.reason.is_some() {
            return Err(Refusal::UnknownSession);
        }
        if self.transport() != Transport::Polling {
            return Err(Refusal::BadRequest);
        }
        if self.posting {
            self.close(now, CloseReason::TransportError);
            return Err(Refusal::BadRequest);
        }
        self.posting = true;
        Ok(())
    }

    /// The POST was read, or gave up.
    pub fn end_post(&mut self) {
        self.posting = false;
    }

    // --- Upgrade ---

    /// A WebSocket has come with this session's id. Returns whether it may probe: one at
    /// a time, and only while the session polls.
    pub fn begin_probe(&mut self) -> bool {
        let may = self.phase == Phase::Polling;
        if may {
            self.phase = Phase::Probing { confirmed: false };
        }
        may
    }

    // ANCHOR: upgrade
    /// A packet came in over the WebSocket that probes.
    pub fn receive_probe(&mut self, packet: &Packet<'_>) -> Probe {
        match (packet, &mut self.phase) {
            (Packet::Ping("probe"), Phase::Probing { confirmed }) => {
                *confirmed = true;
                Probe::Confirm
            }
            // Not while a POST is read: its messages would come beside those of the
            // WebSocket.
            (Packet::Upgrade, Phase::Probing { confirmed: true }) if !self.posting => {
                self.phase = Phase::WebSocket;
                Probe::Upgraded
            }
            _ => Probe::GiveUp,
        }
    }
    // ANCHOR_END: upgrade

    /// The WebSocket that probed is gone; the session polls on.
    pub fn probe_ended(&mut self) {
        if let Phase::Probing { .. } = self.phase {
            self.phase = Phase::Polling;
        }
    }

    // --- Out ---

    // ANCHOR: send
    /// Queues packets, next to each other. Over the budget the session closes instead; a
    /// message larger than the whole budget passes when nothing else waits.
    ///
    /// # Errors
    /// The session has ended, perhaps just now.
    pub fn send(
        &mut self,
        now: Instant,
        messages: &[EncodedMessage],
    ) -> Result<(), Closed> {
        if self.reason.is_some() {
            return Err(Closed);
        }
        let size: usize = messages.iter().map(EncodedMessage::size).sum();
        if self.outstanding > 0 && self.outstanding + size > self.budget {
            self.close(now, CloseReason::SlowReader);
            return Err(Closed);
        }
        self.outstanding += size;
        self.queue.extend(messages.iter().cloned());
        Ok(())
    }
    // ANCHOR_END: send

    /// Whether what is sent now leaves at once: what volatile messages ask.
    pub fn is_writable(&self) -> bool {
        self.outstanding == 0
            && match self.phase {
                Phase::WebSocket => true,
                Phase::Polling | Phase::Probing { .. } => self.polled,
                Phase::Closing { .. } | Phase::Closed => false,
            }
    }

    /// Whether the writer has something to do: packets, or the end.
    pub fn has_output(&self) -> bool {
        let let_go = matches!(
            self.phase,
            Phase::WebSocket | Phase::Probing { confirmed: true }
        );
        !self.queue.is_empty() || self.reason.is_some() || self.polled && let_go
    }

    /// All that is queued, for the WebSocket to write; [`wrote`](Self::wrote) gives the
    /// budget back.
    pub fn take(&mut self, into: &mut VecDeque<EncodedMessage>) {
        mem::swap(&mut self.queue, into);
    }

    /// Bytes taken before have been written.
    pub fn wrote(&mut self, bytes: usize) {
        self.outstanding = self.outstanding.saturating_sub(bytes);
    }

    /// The WebSocket has written its last and is gone.
    pub fn writer_ended(&mut self) {
        self.drop_everything();
    }

    fn push(&mut self, packet: EncodedMessage) {
        self.outstanding += packet.size();
        self.queue.push_back(packet);
    }

    fn drain(&mut self) -> Vec<EncodedMessage> {
        self.outstanding = 0;
        mem::take(&mut self.queue).into()
    }

    // --- The end ---

    /// Ends the session, once. If the server ends it in peace, what is queued is sent
    /// first, within `ping_timeout`.
    pub fn close(&mut self, now: Instant, reason: CloseReason) {
        if self.reason.is_some() {
            return;
        }
        let transport = self.transport();
        self.reason = Some(reason);
        if reason.is_orderly() {
            self.phase = Phase::Closing {
                transport,
                until: now + self.ping_timeout,
            };
        } else {
            self.drop_everything();
        }
    }

    fn close_by_client(&mut self) {
        self.reason = Some(CloseReason::TransportClose);
        self.drop_everything();
    }

    fn drop_everything(&mut self) {
        self.phase = Phase::Closed;
        self.queue = VecDeque::new();
        self.outstanding = 0;
    }
}

#[cfg(test)]
mod tests;
