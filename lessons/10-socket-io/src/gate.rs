//! The gate in front of a client: what is sent before the client knows that it is in waits
//! until it does.
//!
//! Three threads meet here: one that lets the client in, those that send to it, and one
//! that sees it leave. The gate knows no session, so a model checker can try all their
//! orders (`tests/gate_model.rs`, which replaces `sync`).

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
    early: Mutex<Early<P>>,
}

#[derive(Debug)]
struct Early<P> {
    /// Sent while the gate was closed.
    packets: Vec<P>,
    /// The client is to get them although it has left.
    farewell: bool,
}

impl<P: Clone> Gate<P> {
    /// A closed gate, with the packets that wait behind it.
    pub(crate) fn new(packets: Vec<P>) -> Self {
        Self {
            phase: AtomicU8::new(WAITING),
            early: Mutex::new(Early {
                packets,
                farewell: false,
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
    /// left gets nothing, unless the server's own farewell waits for it.
    pub(crate) fn open(&self, connect: P, mut send: impl FnMut(&P)) {
        let mut early = self.lock();
        let packets = std::mem::take(&mut early.packets);
        let waiting = self.phase.load(Ordering::Acquire) == WAITING;
        if waiting || early.farewell {
            for packet in std::iter::once(connect).chain(packets) {
                send(&packet);
            }
        }
        if waiting {
            // Only now: a sender that sees an open gate takes no lock, and must not
            // overtake what has waited.
            self.phase.store(OPEN, Ordering::Release);
        }
    }

    /// Sends a packet, or keeps it until the gate opens; a volatile one is not kept.
    /// Returns whether it was sent or kept.
    pub(crate) fn pass(
        &self,
        packet: &P,
        volatile: bool,
        send: impl FnOnce(&P) -> bool,
    ) -> bool {
        if self.phase.load(Ordering::Acquire) == WAITING {
            let mut early = self.lock();
            if self.phase.load(Ordering::Acquire) == WAITING {
                if !volatile {
                    early.packets.push(packet.clone());
                }
                return !volatile;
            }
        }
        self.is_open() && send(packet)
    }

    /// The client leaves. Returns whether it was in, or `None` if it had left before.
    /// With a farewell, what waits is sent when the gate would have opened.
    pub(crate) fn leave(&self, farewell: bool) -> Option<bool> {
        let mut early = self.lock();
        let before = self.phase.load(Ordering::Acquire);
        if before == LEFT {
            return None;
        }
        self.phase.store(LEFT, Ordering::Release);
        early.farewell = farewell && before == WAITING;
        if !early.farewell {
            early.packets = Vec::new();
        }
        Some(before == OPEN)
    }

    fn lock(&self) -> MutexGuard<'_, Early<P>> {
        self.early.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
