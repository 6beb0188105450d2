//! The gate in front of a client: what is sent before the client knows that it is in waits
//! until it does.
//!
//! Three threads meet here: one that lets the client in, those that send to it, and one
//! that sees it leave. The gate knows no session, so a model checker can try all their
//! orders (`tests/gate_model.rs`, which replaces `sync`).

use super::sent::{Number, Sent};
use super::sync::{AtomicU8, Mutex, MutexGuard, Ordering, PoisonError};

/// Middleware and the connect handler run.
const WAITING: u8 = 0;
const OPEN: u8 = 1;
const LEFT: u8 = 2;

/// A gate for packets of type `P`.
#[derive(Debug)]
pub(crate) struct Gate<P> {
    /// Read without the lock, written under it.
    phase: AtomicU8,
    /// Whether numbered packets are recorded.
    ordered: bool,
    state: Mutex<State<P>>,
}

#[derive(Debug)]
struct State<P> {
    /// Sent while the gate was closed.
    early: Vec<P>,
    /// The client is to get them although it has left.
    farewell: bool,
    /// Which numbered packets were sent.
    sent: Option<Sent>,
}

/// The gate's state about a client that leaves.
#[derive(Debug)]
pub(crate) struct Departure {
    /// Whether the client was in.
    pub(crate) was_in: bool,
    pub(crate) sent: Option<Sent>,
}

impl<P: Clone> Gate<P> {
    /// A closed gate, with the packets that wait behind it, and what was sent before.
    pub(crate) fn new(early: Vec<P>, sent: Option<Sent>) -> Self {
        Self {
            phase: AtomicU8::new(WAITING),
            ordered: sent.is_some(),
            state: Mutex::new(State {
                early,
                farewell: false,
                sent,
            }),
        }
    }

    /// Whether the client is in.
    pub(crate) fn is_open(&self) -> bool {
        self.phase.load(Ordering::Acquire) == OPEN
    }

    /// Whether the client has left.
    pub(crate) fn has_left(&self) -> bool {
        self.phase.load(Ordering::Acquire) == LEFT
    }

    /// Lets the client in: `connect` goes first, then what has waited. A client that has
    /// left gets nothing, unless the server's own farewell waits for it. Returns whether
    /// the client is in.
    pub(crate) fn open(&self, connect: P, mut send: impl FnMut(&P)) -> bool {
        let mut state = self.lock();
        let early = std::mem::take(&mut state.early);
        let waiting = self.phase.load(Ordering::Acquire) == WAITING;
        if waiting || state.farewell {
            for packet in std::iter::once(connect).chain(early) {
                send(&packet);
            }
        }
        if waiting {
            // Only now: a sender that sees an open gate takes no lock, and must not
            // overtake what has waited.
            self.phase.store(OPEN, Ordering::Release);
        }
        waiting
    }

    /// Sends a packet, or keeps it until the gate opens, if `may_keep` allows that; a
    /// volatile one is not kept. One with a `number` is recorded, and sent under the lock:
    /// the order of the records is the order of the client's queue. Returns whether it was
    /// sent or kept.
    pub(crate) fn pass(
        &self,
        packet: &P,
        number: Option<Number>,
        volatile: bool,
        may_keep: impl FnOnce(&P) -> bool,
        send: impl FnOnce(&P) -> bool,
    ) -> bool {
        let number = number.filter(|_| self.ordered);
        let phase = self.phase.load(Ordering::Acquire);
        if phase == OPEN && number.is_none() {
            return send(packet);
        }
        if phase == LEFT {
            return false;
        }
        let mut state = self.lock();
        let waiting = match self.phase.load(Ordering::Acquire) {
            WAITING => true,
            OPEN => false,
            _ => return false,
        };
        if waiting && volatile {
            return false;
        }
        let known = |sent: &Sent| number.is_some_and(|it| !sent.wants(it.number));
        if state.sent.as_ref().is_some_and(known) {
            return true;
        }
        if waiting {
            if !may_keep(packet) {
                return false;
            }
            state.early.push(packet.clone());
        } else if !send(packet) {
            if !volatile && let Some(sent) = &mut state.sent {
                sent.fail();
            }
            return false;
        }
        if let (Some(sent), Some(number)) = (&mut state.sent, number) {
            sent.record(number.number, number.complete);
        }
        true
    }

    /// The client is in its namespace from the event of this number on.
    pub(crate) fn start_at(&self, number: u64) {
        if let Some(sent) = &mut self.lock().sent {
            sent.continue_at(number);
        }
    }

    /// The client leaves. Returns what is known of it, or `None` if it had left before.
    /// With a farewell, what waits is sent when the gate would have opened.
    pub(crate) fn leave(&self, farewell: bool) -> Option<Departure> {
        let mut state = self.lock();
        let before = self.phase.load(Ordering::Acquire);
        if before == LEFT {
            return None;
        }
        self.phase.store(LEFT, Ordering::Release);
        state.farewell = farewell && before == WAITING;
        if !state.farewell {
            state.early = Vec::new();
        }
        Some(Departure {
            was_in: before == OPEN,
            sent: state.sent.take(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State<P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
