//! The way out to one client: its session, behind a gate that opens with the CONNECT
//! packet.

use engine_io::Session;

use crate::gate::Gate;
use crate::measure;
use crate::members::Member;
use crate::room::SocketId;
use crate::sent::Sent;
use crate::wire::outgoing::EncodedPacket;

/// One client's packets, in order.
#[derive(Debug)]
pub(crate) struct Mailbox {
    id: SocketId,
    session: Session,
    gate: Gate<EncodedPacket>,
}

impl Mailbox {
    /// A mailbox whose client waits to be let in. `missed` is what it gets first, and
    /// `sent` what it was sent before, where the namespace keeps a log.
    pub(crate) fn new(
        id: SocketId,
        session: Session,
        missed: Vec<EncodedPacket>,
        sent: Option<Sent>,
    ) -> Self {
        Self {
            id,
            session,
            gate: Gate::new(missed, sent),
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
            let _ = self.session.send_batch(packet.messages());
        });
        if is_in {
            measure::connected();
        }
    }
}

impl Member for Mailbox {
    fn id(&self) -> &SocketId {
        &self.id
    }

    fn deliver(&self, packet: &EncodedPacket, volatile: bool) -> bool {
        let sent = self.gate.pass(packet, packet.number(), volatile, |packet| {
            if volatile {
                self.session.send_volatile(packet.messages())
            } else {
                self.session.send_batch(packet.messages()).is_ok()
            }
        });
        if !sent {
            measure::dropped(volatile);
        }
        sent
    }
}
