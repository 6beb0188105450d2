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

/// The shortest time between two noops that release the polls of an upgrade. Without it a
/// client that keeps polling would spin.
const NOOP_PAUSE: Duration = Duration::from_millis(100);
/// Stands for "never" in a sum that would overflow: thirty years.
const FAR: Duration = Duration::from_secs(30 * 365 * 86_400);

/// Returns `now + wait`, or a moment far away if there is no such `Instant`.
fn after(now: Instant, wait: Duration) -> Instant {
    now.checked_add(wait).unwrap_or_else(|| now + FAR)
}

/// Why a session ended. `Display` writes the words that Socket.IO users know.
///
/// ```
/// use engine_io::CloseReason;
///
/// fn report(reason: CloseReason) {
///     match reason {
///         CloseReason::MessageTooLarge => println!("the client sent too much at once"),
///         CloseReason::SlowReader => println!("the client reads too slowly"),
///         reason => println!("{reason}"),
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The client closed, or its connection ended.
    TransportClose,
    /// The transport failed: a broken frame, two polls at once.
    TransportError,
    /// No pong within `ping_timeout`.
    PingTimeout,
    /// The client sent an invalid packet, or the application could not read a message.
    ParseError,
    /// The client sent a message larger than [`Config::max_payload`], or in more fragments
    /// than [`Config::max_fragments`]. A WebSocket is closed with the code 1009. Over
    /// polling the client gets 413, and this is the reason if it then leaves, as the
    /// official client does.
    MessageTooLarge,
    /// The client read more slowly than it was sent to, and its outbound budget was spent.
    SlowReader,
    /// All sessions together held more than [`Config::total_outbound`], and this client
    /// had fetched nothing for longer than any other.
    MemoryPressure,
    /// The application paused the session and did not move for
    /// [`Config::pause_timeout`].
    Stalled,
    /// The client opened a session and then did not join anything in time.
    ConnectTimeout,
    /// The server is shutting down.
    ServerShutdown,
    /// The application closed the session.
    Forced,
    /// The application panicked while it handled this session.
    Panicked,
}

impl CloseReason {
    /// Whether queued packets are sent first. Over polling, an error of the transport ends
    /// the session at once, as in the reference server; a WebSocket can still be written
    /// to.
    fn is_orderly(self, transport: Transport) -> bool {
        match self {
            Self::ParseError
            | Self::ConnectTimeout
            | Self::ServerShutdown
            | Self::Forced
            | Self::Panicked => true,
            Self::TransportClose | Self::TransportError | Self::MessageTooLarge => {
                transport == Transport::WebSocket
            }
            Self::PingTimeout
            | Self::SlowReader
            | Self::MemoryPressure
            | Self::Stalled => false,
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TransportClose => "transport close",
            Self::TransportError => "transport error",
            Self::PingTimeout => "ping timeout",
            Self::ParseError => "parse error",
            Self::MessageTooLarge => "message too large",
            Self::SlowReader => "slow reader",
            Self::MemoryPressure => "memory pressure",
            Self::Stalled => "application stalled",
            Self::ConnectTimeout => "connect timeout",
            Self::ServerShutdown => "server shutting down",
            Self::Forced => "forced close",
            Self::Panicked => "internal error",
        })
    }
}

/// The session has ended; nothing more can be sent.
///
/// ```
/// use engine_io::{Closed, EncodedMessage, Session};
///
/// fn tell_all(sessions: &mut Vec<Session>, news: &EncodedMessage) {
///     // A session that has ended can be forgotten.
///     sessions.retain(|session| session.send(news) != Err(Closed));
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session is closed")]
pub struct Closed;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Polling,
    /// A WebSocket is being tried. `confirmed` once its probe was answered: from then on
    /// polls are released.
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

/// The GET that waits for packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Get {
    None,
    Waits,
    /// It arrived after the session had ended.
    CameLate,
}

#[derive(Clone, Copy, Debug)]
enum Heartbeat {
    /// The next ping is due.
    PingAt(Instant),
    /// A ping has been sent; its pong is due by then.
    PongBy(Instant),
}

/// The machine's decision about a packet from a probing WebSocket.
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
/// A session that opens over polling, and moves to a WebSocket while a GET waits:
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
/// // The next GET finds nothing, and waits. The probe of a WebSocket releases it with a noop.
/// machine.begin_poll(now)?;
/// assert!(machine.poll().is_none() && machine.is_writable());
/// assert!(machine.begin_probe());
/// assert_eq!(machine.receive_probe(&Packet::Ping("probe")), Probe::Confirm);
/// assert!(machine.has_output());
/// assert_eq!(machine.poll(), Some(vec![Packet::Noop.encode()]));
/// assert_eq!(machine.receive_probe(&Packet::Upgrade), Probe::Upgraded);
/// // Had it broken off before, `machine.probe_ended()` would have gone back to polling.
///
/// // From here on the writer takes what is queued, and reports when it is written.
/// machine.send(now, &[EncodedMessage::text("hello to you")])?;
/// let mut writes = VecDeque::new();
/// machine.take(&mut writes);
/// assert!(!machine.is_writable(), "a volatile message would have to wait");
/// machine.wrote(writes.iter().map(EncodedMessage::size).sum());
/// assert!(machine.is_writable());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A client that does not answer, while the application is not reading:
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
/// // While reading is paused the pong cannot be seen, so it is not missed either.
/// machine.set_paused(ping, true);
/// assert!(machine.is_paused());
/// machine.on_deadline(pong);
/// assert_eq!(machine.ended(), None);
///
/// machine.set_paused(pong, false);
/// let late = machine.next_deadline().expect("the answer may still come");
/// machine.on_deadline(late);
/// assert_eq!(machine.ended(), Some(CloseReason::PingTimeout));
/// assert!(machine.is_closed() && machine.outstanding() == 0);
/// ```
#[derive(Debug)]
pub struct Machine {
    ping_interval: Duration,
    ping_timeout: Duration,
    pause_timeout: Duration,
    budget: usize,
    phase: Phase,
    reason: Option<CloseReason>,
    heartbeat: Heartbeat,
    queue: VecDeque<EncodedMessage>,
    /// Bytes in `queue`, and bytes taken from it that are not yet written.
    outstanding: usize,
    /// Since when the client has taken nothing of what waits for it.
    waiting_since: Instant,
    /// The client has taken something since `waiting_since` was looked at.
    progressed: bool,
    get: Get,
    /// A POST is being read.
    posting: bool,
    /// The reason if the client leaves now: perhaps because its last POST was refused.
    leaves_for: CloseReason,
    /// The application has paused the session. It has until then to resume, or to pause it
    /// again.
    paused_until: Option<Instant>,
    /// A poll may be released with a noop.
    noop_ready: bool,
    /// When the waiting poll is released.
    noop_at: Option<Instant>,
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
            pause_timeout: config.pause_timeout,
            budget: config.outbound_budget,
            phase: match transport {
                Transport::Polling => Phase::Polling,
                Transport::WebSocket => Phase::WebSocket,
            },
            reason: None,
            heartbeat: Heartbeat::PingAt(after(now, config.ping_interval)),
            outstanding: open.size(),
            queue: VecDeque::from([open]),
            waiting_since: now,
            progressed: false,
            get: Get::None,
            posting: false,
            leaves_for: CloseReason::TransportClose,
            paused_until: None,
            noop_ready: false,
            noop_at: None,
        }
    }

    /// Returns the transport that carries the session.
    pub fn transport(&self) -> Transport {
        match self.phase {
            Phase::Polling | Phase::Probing { .. } => Transport::Polling,
            Phase::WebSocket | Phase::Closed => Transport::WebSocket,
            Phase::Closing { transport, .. } => transport,
        }
    }

    /// Returns why the session ended, once it has. After that nothing is received or
    /// queued.
    pub fn ended(&self) -> Option<CloseReason> {
        self.reason
    }

    /// Returns why the session ended, as the application should see it: a client that
    /// leaves because its message was [refused](Self::post_too_large) has a better reason
    /// than that it left.
    ///
    /// ```
    /// # use engine_io::{Config, Packet, Transport, machine::{CloseReason, Machine}};
    /// # let now = std::time::Instant::now();
    /// # let mut machine = Machine::new(now, Transport::Polling, &Config::default(), Packet::Open("{}").encode());
    /// machine.post_too_large();
    /// assert!(machine.receive(now, Packet::Close).is_err());
    /// assert_eq!(machine.ended(), Some(CloseReason::TransportClose));
    /// assert_eq!(machine.close_reason(), Some(CloseReason::MessageTooLarge));
    /// ```
    pub fn close_reason(&self) -> Option<CloseReason> {
        match self.reason {
            Some(CloseReason::TransportClose) => Some(self.leaves_for),
            reason => reason,
        }
    }

    /// Whether the session has ended and nothing is left to send.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    // --- Time ---

    /// Returns when [`on_deadline`](Self::on_deadline) must be called next.
    pub fn next_deadline(&self) -> Option<Instant> {
        let beat = match (self.phase, self.heartbeat) {
            (Phase::Closed, _) => return None,
            (Phase::Closing { until, .. }, _) => return Some(until),
            (_, Heartbeat::PingAt(at) | Heartbeat::PongBy(at)) => at,
        };
        let others = [self.paused_until, self.noop_at];
        Some(others.into_iter().flatten().fold(beat, Instant::min))
    }

    // ANCHOR: heartbeat
    /// Does what is due at `now`: sends a ping, or ends the session.
    pub fn on_deadline(&mut self, now: Instant) {
        self.check_pause_and_noop(now);
        match (self.phase, self.heartbeat) {
            (Phase::Closing { until, .. }, _) if now >= until => self.drop_everything(),
            (Phase::Closing { .. } | Phase::Closed, _) => {}
            (_, Heartbeat::PingAt(due)) if now >= due => {
                self.heartbeat = Heartbeat::PongBy(after(now, self.ping_timeout));
                self.push(now, Packet::Ping("").encode());
            }
            (_, Heartbeat::PongBy(due)) if now >= due => {
                if self.is_paused() || self.posting {
                    // The pong may be waiting behind what we have not read yet.
                    self.heartbeat = Heartbeat::PongBy(after(now, self.ping_timeout));
                } else {
                    self.close(now, CloseReason::PingTimeout);
                }
            }
            _ => {}
        }
    }
    // ANCHOR_END: heartbeat

    fn check_pause_and_noop(&mut self, now: Instant) {
        if self.paused_until.is_some_and(|until| now >= until) {
            self.close(now, CloseReason::Stalled);
        }
        if self.noop_at.is_some_and(|at| now >= at) {
            self.noop_at = None;
            self.noop_ready = true;
        }
    }

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
            Packet::Message(message) => {
                self.leaves_for = CloseReason::TransportClose;
                return Ok(Some(message));
            }
            Packet::Pong(_) => {
                if let Heartbeat::PongBy(_) = self.heartbeat {
                    self.heartbeat = Heartbeat::PingAt(after(now, self.ping_interval));
                }
            }
            Packet::Close => self.close(now, CloseReason::TransportClose),
            // In protocol 4 the server asks and the client answers.
            Packet::Ping(_) => self.close(now, CloseReason::TransportError),
            // Nothing a client needs to say here, and nothing that harms: the reference
            // server lets them pass.
            Packet::Open(_) | Packet::Upgrade | Packet::Noop => {}
        }
        self.reason.map_or(Ok(None), Err)
    }

    /// Says whether the application has paused the session; meanwhile a missing pong is
    /// excused. Each further call with `true` shows that the application is alive, and
    /// starts [`Config::pause_timeout`] again.
    pub fn set_paused(&mut self, now: Instant, paused: bool) {
        if self.is_paused()
            && !paused
            && let Heartbeat::PongBy(_) = self.heartbeat
        {
            self.heartbeat = Heartbeat::PongBy(after(now, self.ping_timeout));
        }
        self.paused_until = paused.then(|| after(now, self.pause_timeout));
    }

    /// Whether the application has paused the session.
    pub fn is_paused(&self) -> bool {
        self.paused_until.is_some()
    }

    // --- Polling ---

    /// A GET has arrived. On success it waits until [`poll`](Self::poll) answers it.
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
        if self.get != Get::None {
            self.close(now, CloseReason::TransportError);
            return Err(Refusal::BadRequest);
        }
        self.get = match self.reason {
            None => Get::Waits,
            Some(_) => Get::CameLate,
        };
        if self.phase == (Phase::Probing { confirmed: true }) && !self.noop_ready {
            self.noop_at = Some(after(now, NOOP_PAUSE));
        }
        Ok(())
    }

    /// Returns the response to the waiting GET, or `None` while there is nothing to send.
    pub fn poll(&mut self) -> Option<Vec<EncodedMessage>> {
        let answer = match self.phase {
            Phase::Closed if self.reason == Some(CloseReason::TransportClose) => {
                vec![Packet::Noop.encode()]
            }
            Phase::Closed => vec![Packet::Close.encode()],
            // A server that is shutting down may not be there for another poll.
            Phase::Closing { .. } if self.reason == Some(CloseReason::ServerShutdown) => {
                let mut packets = self.drain();
                packets.push(Packet::Close.encode());
                self.drop_everything();
                packets
            }
            Phase::WebSocket => vec![Packet::Noop.encode()],
            _ if !self.queue.is_empty() => self.drain(),
            Phase::Closing { .. } => {
                self.drop_everything();
                // The reference server's words for a poll that comes late.
                let noop = (self.get == Get::CameLate).then(|| Packet::Noop.encode());
                noop.into_iter().chain([Packet::Close.encode()]).collect()
            }
            Phase::Probing { confirmed: true } if self.noop_ready => {
                self.noop_ready = false;
                vec![Packet::Noop.encode()]
            }
            Phase::Polling | Phase::Probing { .. } => return None,
        };
        self.get = Get::None;
        Some(answer)
    }

    /// The waiting GET went away before it was answered: the client is gone, unless the
    /// session has moved to a WebSocket in the meantime.
    ///
    /// ```
    /// # use engine_io::{Config, Packet, Transport, machine::{CloseReason, Machine}};
    /// # let now = std::time::Instant::now();
    /// # let mut machine = Machine::new(now, Transport::Polling, &Config::default(), Packet::Open("{}").encode());
    /// machine.poll_abandoned(now);
    /// assert_eq!(machine.ended(), Some(CloseReason::TransportClose));
    /// ```
    pub fn poll_abandoned(&mut self, now: Instant) {
        self.get = Get::None;
        if self.transport() == Transport::Polling {
            self.close(now, CloseReason::TransportClose);
        }
    }

    /// A POST has arrived; [`end_post`](Self::end_post) must follow.
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

    /// The POST has been read, or has failed.
    pub fn end_post(&mut self) {
        self.posting = false;
    }

    /// A POST was too large, and was refused. The session continues.
    pub fn post_too_large(&mut self) {
        self.leaves_for = CloseReason::MessageTooLarge;
    }

    // --- Upgrade ---

    /// A WebSocket has opened with this session's id. Returns whether it may probe: one at
    /// a time, and only while the session polls.
    pub fn begin_probe(&mut self) -> bool {
        let may = self.phase == Phase::Polling;
        if may {
            self.phase = Phase::Probing { confirmed: false };
        }
        may
    }

    // ANCHOR: upgrade
    /// A packet has arrived over the WebSocket that is being tried.
    pub fn receive_probe(&mut self, packet: &Packet<'_>) -> Probe {
        match (packet, &mut self.phase) {
            (Packet::Ping("probe"), Phase::Probing { confirmed }) => {
                *confirmed = true;
                self.noop_ready = true;
                Probe::Confirm
            }
            // Not while a POST is read: its messages could arrive after later ones from the
            // WebSocket.
            (Packet::Upgrade, Phase::Probing { confirmed: true }) if !self.posting => {
                self.phase = Phase::WebSocket;
                self.noop_at = None;
                self.leaves_for = CloseReason::TransportClose;
                Probe::Upgraded
            }
            _ => Probe::GiveUp,
        }
    }
    // ANCHOR_END: upgrade

    /// The WebSocket that was tried is gone; the session continues over polling.
    pub fn probe_ended(&mut self) {
        if let Phase::Probing { .. } = self.phase {
            self.phase = Phase::Polling;
            (self.noop_ready, self.noop_at) = (false, None);
        }
    }

    // --- Out ---

    // ANCHOR: send
    /// Queues packets, with nothing between them. If they exceed the budget, the session
    /// closes instead; a message larger than the whole budget is accepted if nothing else
    /// waits.
    ///
    /// # Errors
    /// Returns an error if the session has ended, perhaps because of these packets.
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
        self.count(now, size);
        self.queue.extend(messages.iter().cloned());
        Ok(())
    }
    // ANCHOR_END: send

    /// Whether a message that is sent now leaves at once: a volatile one is dropped if
    /// not.
    pub fn is_writable(&self) -> bool {
        self.outstanding == 0
            && match self.phase {
                Phase::WebSocket => true,
                Phase::Polling | Phase::Probing { .. } => self.get != Get::None,
                Phase::Closing { .. } | Phase::Closed => false,
            }
    }

    /// Whether the writer has something to do: packets, or the end.
    pub fn has_output(&self) -> bool {
        let let_go = match self.phase {
            Phase::WebSocket => true,
            Phase::Probing { confirmed } => confirmed && self.noop_ready,
            _ => false,
        };
        !self.queue.is_empty() || self.reason.is_some() || self.get != Get::None && let_go
    }

    /// Moves everything that is queued to the WebSocket's writer; [`wrote`](Self::wrote)
    /// returns the bytes to the budget.
    pub fn take(&mut self, into: &mut VecDeque<EncodedMessage>) {
        mem::swap(&mut self.queue, into);
    }

    /// Bytes that were taken earlier have been written.
    pub fn wrote(&mut self, bytes: usize) {
        self.outstanding = self.outstanding.saturating_sub(bytes);
        self.progressed |= bytes > 0;
    }

    /// Returns the bytes that wait for the client: queued, or taken and not yet written.
    pub fn outstanding(&self) -> usize {
        self.outstanding
    }

    /// Returns since when the client has taken nothing of what waits for it, or `None` if
    /// nothing waits. A client that took something since the last call counts from now.
    pub fn waiting_since(&mut self, now: Instant) -> Option<Instant> {
        if mem::take(&mut self.progressed) {
            self.waiting_since = now;
        }
        (self.outstanding > 0).then_some(self.waiting_since)
    }

    /// The WebSocket has written its last bytes and is gone.
    pub fn writer_ended(&mut self) {
        self.drop_everything();
    }

    fn push(&mut self, now: Instant, packet: EncodedMessage) {
        self.count(now, packet.size());
        self.queue.push_back(packet);
    }

    fn count(&mut self, now: Instant, bytes: usize) {
        if self.outstanding == 0 {
            self.waiting_since = now;
            self.progressed = false;
        }
        self.outstanding += bytes;
    }

    fn drain(&mut self) -> Vec<EncodedMessage> {
        self.outstanding = 0;
        mem::take(&mut self.queue).into()
    }

    // --- The end ---

    /// Ends the session, once. If the peer can still be told, what is queued is sent
    /// first, within `ping_timeout`.
    pub fn close(&mut self, now: Instant, reason: CloseReason) {
        if self.reason.is_some() {
            return;
        }
        let transport = self.transport();
        self.reason = Some(reason);
        if reason.is_orderly(transport) {
            self.phase = Phase::Closing {
                transport,
                until: after(now, self.ping_timeout),
            };
        } else {
            self.drop_everything();
        }
    }

    fn drop_everything(&mut self) {
        self.phase = Phase::Closed;
        self.queue = VecDeque::new();
        self.outstanding = 0;
    }
}

#[cfg(test)]
mod tests;
