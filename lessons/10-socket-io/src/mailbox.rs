//! The way out to one client: its session, behind a gate that opens with the CONNECT
//! packet.

use std::sync::atomic::{AtomicUsize, Ordering};

use engine_io::{CloseReason, Session};

use crate::gate::Gate;
use crate::measure;
use crate::room::SocketId;
use crate::sent::Sent;
use crate::wire::outgoing::EncodedPacket;
use crate::wire::parser::Parser;

/// One client's packets, in order.
#[derive(Debug)]
pub(crate) struct Mailbox {
    id: SocketId,
    session: Session,
    parser: Parser,
    gate: Gate<EncodedPacket>,
    /// Bytes that waited at the gate, and the limit on them.
    early: AtomicUsize,
    max_early: usize,
}

/// The cost of a packet at the gate besides its bytes.
const PACKET_COST: usize = 128;

impl Mailbox {
    /// A mailbox whose client waits to be let in. `missed` is what it gets first, and
    /// `sent` what it was sent before, where the namespace keeps a log. A client for which
    /// more than `max_early` bytes wait by then loses its session.
    pub(crate) fn new(
        id: SocketId,
        session: Session,
        parser: Parser,
        missed: Vec<EncodedPacket>,
        sent: Option<Sent>,
        max_early: usize,
    ) -> Self {
        let early = missed.iter().map(EncodedPacket::size).sum();
        Self {
            id,
            session,
            parser,
            gate: Gate::new(missed, sent),
            early: AtomicUsize::new(early),
            max_early,
        }
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) fn gate(&self) -> &Gate<EncodedPacket> {
        &self.gate
    }

    /// Tells the client that it is in, and sends what has waited.
    pub(crate) fn open(&self, connect: EncodedPacket) {
        // An error says that the session has ended; the connection hears of it too.
        let is_in = self.gate.open(connect, |packet| {
            let _ = self.session.send_batch(packet.messages_for(self.parser));
        });
        if is_in {
            measure::connected();
        }
    }

    pub(crate) fn id(&self) -> &SocketId {
        &self.id
    }

    /// Queues a packet for the client: see `Member::deliver`.
    pub(crate) fn deliver(&self, packet: &EncodedPacket, volatile: bool) -> bool {
        let keep = |packet: &EncodedPacket| {
            let cost = packet.size() + PACKET_COST;
            let before = self.early.fetch_add(cost, Ordering::Relaxed);
            let fits = before.saturating_add(cost) <= self.max_early;
            if !fits {
                self.session.close(CloseReason::SlowReader);
            }
            fits
        };
        let sent = self
            .gate
            .pass(packet, packet.number(), volatile, keep, |packet| {
                let messages = packet.messages_for(self.parser);
                if volatile {
                    self.session.send_volatile(messages)
                } else {
                    self.session.send_batch(messages).is_ok()
                }
            });
        if !sent {
            measure::dropped(volatile);
        }
        sent
    }
}
