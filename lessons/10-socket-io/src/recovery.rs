//! Connection state recovery: a client that was away for a while gets its id, its rooms
//! and what it missed.
//!
//! The server gives each socket a private id, and each event an offset, a last argument
//! that the client keeps. A client that comes back hands both in. Two things are needed:
//! what was sent to whom (the [`Log`]), and who was in which rooms (what [`Log::save`]
//! keeps). Both are bounded, in time and in size.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::data::Data;
use crate::members::Member;
use crate::room::{Room, Selection, SocketId};
use crate::wire::outgoing::EncodedPacket;

/// How long, and how much, a namespace remembers for clients that are away.
#[derive(Clone, Copy, Debug)]
pub struct Recovery {
    /// How long a client may be away. Default 2 minutes.
    pub max_disconnection: Duration,
    /// How many bytes of packets a namespace keeps. Default 8 MiB: who missed more
    /// starts afresh.
    pub max_bytes: usize,
    /// How many clients that are away a namespace keeps in mind. Default 10,000.
    pub max_sessions: usize,
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            max_disconnection: Duration::from_mins(2),
            max_bytes: 8 << 20,
            max_sessions: 10_000,
        }
    }
}

/// One namespace's memory.
pub(crate) struct Log {
    limits: Recovery,
    /// In front of every offset, so that a last argument of an event that has none is
    /// not taken for one.
    salt: String,
    packets: VecDeque<Logged>,
    bytes: usize,
    /// The offset of the next packet; those in `packets` are the ones just below it.
    next: u64,
    /// Who is away, by private id, and in the order of leaving.
    away: HashMap<Arc<str>, Saved>,
    order: VecDeque<(Instant, Arc<str>)>,
    /// Who is here: a client may be back before the server noticed that it left.
    live: HashMap<Arc<str>, Arc<dyn Member>>,
}

struct Logged {
    at: Instant,
    packet: EncodedPacket,
    selection: Selection,
}

/// What is kept of a socket that went away.
pub(crate) struct Saved {
    pub(crate) id: SocketId,
    pub(crate) rooms: Vec<Arc<str>>,
    pub(crate) data: Arc<Data>,
}

/// A socket that came back, and what it missed.
pub(crate) struct Restored {
    pub(crate) saved: Saved,
    pub(crate) missed: Vec<EncodedPacket>,
}

impl Log {
    pub(crate) fn new(limits: Recovery) -> Self {
        Self {
            limits,
            salt: engine_io::random_id()[..6].to_owned(),
            packets: VecDeque::new(),
            bytes: 0,
            next: 0,
            away: HashMap::new(),
            order: VecDeque::new(),
            live: HashMap::new(),
        }
    }

    /// The offset that the next packet must carry.
    pub(crate) fn next_offset(&self) -> String {
        format!("{}.{}", self.salt, self.next)
    }

    /// Remembers a packet, and forgets those that are too old or too many.
    pub(crate) fn append(
        &mut self,
        now: Instant,
        packet: EncodedPacket,
        selection: Selection,
    ) {
        self.bytes += packet.size();
        self.packets.push_back(Logged {
            at: now,
            packet,
            selection,
        });
        self.next += 1;
        while let Some(first) = self.packets.front()
            && (self.bytes > self.limits.max_bytes
                || now - first.at > self.limits.max_disconnection)
        {
            self.bytes -= first.packet.size();
            self.packets.pop_front();
        }
    }

    /// A socket has connected under this private id.
    pub(crate) fn arrived(&mut self, pid: Arc<str>, member: Arc<dyn Member>) {
        self.live.insert(pid, member);
    }

    /// The socket that is connected under this private id.
    pub(crate) fn live(&self, pid: &str) -> Option<Arc<dyn Member>> {
        self.live.get(pid).cloned()
    }

    /// A socket has gone for good.
    pub(crate) fn gone(&mut self, pid: &str) {
        self.live.remove(pid);
    }

    /// A socket has gone, and may come back.
    pub(crate) fn save(&mut self, now: Instant, pid: &Arc<str>, saved: Saved) {
        self.live.remove(pid);
        self.away.insert(pid.clone(), saved);
        self.order.push_back((now, pid.clone()));
        while let Some((since, pid)) = self.order.front()
            && (self.away.len() > self.limits.max_sessions
                || now - *since > self.limits.max_disconnection)
        {
            self.away.remove(pid);
            self.order.pop_front();
        }
    }

    /// A client is back: what was kept of it, and what it missed since `offset`. `None`
    /// when that is not known any more, in whole.
    pub(crate) fn restore(
        &mut self,
        now: Instant,
        pid: &str,
        offset: &str,
    ) -> Option<Restored> {
        let (salt, offset) = offset.split_once('.')?;
        let offset: u64 = offset.parse().ok().filter(|_| salt == self.salt)?;
        let oldest = self.next - self.packets.len() as u64;
        // The client has `offset`; the packet behind it must still be here, or not yet
        // sent.
        if offset >= self.next || offset + 1 < oldest {
            return None;
        }
        let position = self.order.iter().position(|(_, away)| **away == *pid)?;
        let (since, _) = self.order.remove(position)?;
        let saved = self.away.remove(pid)?;
        if now - since > self.limits.max_disconnection {
            return None;
        }
        let skip = usize::try_from(offset + 1 - oldest).ok()?;
        let missed = self.packets.iter().skip(skip);
        let missed = missed.filter(|logged| saved.is_selected(&logged.selection));
        let missed = missed.map(|logged| logged.packet.clone()).collect();
        Some(Restored { saved, missed })
    }
}

impl Saved {
    fn is_in(&self, room: &Room) -> bool {
        match room {
            Room::Own(id) => *id == self.id,
            Room::Named(name) => self.rooms.contains(name),
        }
    }

    fn is_selected(&self, selection: &Selection) -> bool {
        (selection.rooms.is_empty()
            || selection.rooms.iter().any(|room| self.is_in(room)))
            && !selection.except.iter().any(|room| self.is_in(room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::packet::PacketType;

    fn packet() -> EncodedPacket {
        EncodedPacket::plain(PacketType::Event, "/", "[\"a\"]")
    }

    #[test]
    fn a_log_that_is_just_full_keeps_everything_and_the_next_packet_pushes_out_the_first()
    {
        let now = Instant::now();
        let mut log = Log::new(Recovery {
            max_bytes: 3 * packet().size(),
            ..Recovery::default()
        });
        for kept in [1, 2, 3, 3, 3] {
            log.append(now, packet(), Selection::default());
            assert_eq!(
                (log.packets.len(), log.bytes),
                (kept, kept * packet().size())
            );
        }
        assert_eq!(
            log.next_offset().split_once('.').map(|(_, next)| next),
            Some("5")
        );
    }

    #[test]
    fn a_packet_is_kept_for_as_long_as_somebody_may_be_away() {
        let (now, limits) = (Instant::now(), Recovery::default());
        let mut log = Log::new(limits);
        log.append(now, packet(), Selection::default());
        log.append(
            now + limits.max_disconnection,
            packet(),
            Selection::default(),
        );
        assert_eq!(log.packets.len(), 2, "to the last moment");
        log.append(
            now + limits.max_disconnection + Duration::from_millis(1),
            packet(),
            Selection::default(),
        );
        assert_eq!(log.packets.len(), 2, "and no longer");
    }
}
