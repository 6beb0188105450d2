//! Connection state recovery: a client that was away for a while gets back its id, its
//! rooms and the events that it missed.
//!
//! The server gives each socket a private id, and each event an offset, a last argument
//! that the client keeps. A client that comes back sends both. The server then needs to
//! know which events went to which rooms (the [`Log`]), and which rooms the client was in
//! and what it was sent ([`Log::save`] keeps that). Both are bounded, in time and in size,
//! and a client that missed more than is kept, or more than may be queued for it, starts
//! from scratch. Time passes on an idle server, too: [`Log::tidy`] is called at intervals.
//!
//! Events are kept by room. A room that is louder than the others pushes out its own
//! events first, so the other rooms keep theirs.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::data::Data;
use crate::members::Member;
use crate::room::{Room, Selection, SocketId};
use crate::sent::{Number, Sent};
use crate::wire::outgoing::EncodedPacket;

/// How long, and how much, each namespace remembers for clients that are away. An adapter
/// that [keeps the sessions](crate::Adapter::keeps_sessions) for a cluster has limits of
/// its own.
///
/// With recovery, every event that does not ask for an acknowledgement ends with an
/// additional argument, the offset, which is text. Clients do not hide it: the official
/// JavaScript client remembers the offset after it has passed all arguments to the
/// handlers, and so does this project's page.
///
/// ```
/// use std::time::Duration;
/// use socket_io::{Config, Io, Recovery};
///
/// let recovery = Recovery {
///     max_disconnection: Duration::from_secs(600),
///     // A token may have expired in the meantime.
///     skip_middlewares: false,
///     ..Recovery::default()
/// };
/// let io = Io::new(Config { recovery: Some(recovery), ..Config::default() });
/// io.of("/", |socket| {
///     if !socket.recovered() {
///         socket.emit("history", "everything, from the start");
///     }
/// });
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Recovery {
    /// How long a client can be away. Default 2 minutes. What is kept for it is dropped at
    /// most a quarter of this time later (or a second, if that is longer).
    pub max_disconnection: Duration,
    /// How many bytes of events a namespace keeps, each with a fixed cost for its place
    /// in the log. Default 8 MiB. A client that missed more reconnects with a new id.
    pub max_bytes: usize,
    /// How many of these bytes one room can have. Default 1 MiB.
    pub max_room_bytes: usize,
    /// How many clients that are away a namespace remembers. Default 10,000.
    pub max_sessions: usize,
    /// Whether a client that comes back is let in without middleware, which has accepted
    /// it before. Default yes. If not, what was a good token then can be refused now; a
    /// client that is refused loses what was kept of it.
    pub skip_middlewares: bool,
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            max_disconnection: Duration::from_mins(2),
            max_bytes: 8 << 20,
            max_room_bytes: 1 << 20,
            max_sessions: 10_000,
            skip_middlewares: true,
        }
    }
}

/// The cost of an event in the log besides its packet.
const ENTRY_COST: usize = 640;
/// The cost of a room in a selection.
const ROOM_COST: usize = 64;

/// One namespace's memory.
pub(crate) struct Log {
    limits: Recovery,
    /// The start of every offset, so that the last argument of an event without an offset
    /// is not mistaken for one.
    salt: String,
    /// The number of the next event.
    next: u64,
    /// Broadcasts that are being queued, without the log's lock.
    under_way: BTreeSet<u64>,
    entries: BTreeMap<u64, Entry>,
    lanes: HashMap<Lane, Numbers>,
    /// The lanes by size, the largest last.
    sizes: BTreeSet<(usize, Lane)>,
    bytes: usize,
    /// Events below this number were dropped because they were too old.
    expired: u64,
    /// Events below this number may have been dropped, in lanes that are gone.
    evicted: u64,
    /// Which clients are away, by private id, and in the order of leaving.
    away: HashMap<Arc<str>, Away>,
    order: BTreeMap<u64, Arc<str>>,
    departures: u64,
    /// Which clients are here: one may be back before the server noticed that it left.
    live: HashMap<Arc<str>, Arc<dyn Member>>,
}

/// Events that are kept, and dropped, together.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Lane {
    /// For the whole namespace.
    Everyone,
    /// For several rooms.
    Several,
    Room(Room),
}

/// The numbers of a lane's events.
#[derive(Debug, Default)]
struct Numbers {
    kept: VecDeque<u64>,
    bytes: usize,
    /// Events below this number were dropped because there were too many.
    evicted: u64,
}

#[derive(Debug)]
struct Entry {
    at: Instant,
    packet: EncodedPacket,
    selection: Selection,
    lane: Lane,
    cost: usize,
}

#[derive(Debug)]
struct Away {
    saved: Saved,
    since: Instant,
    /// Its place in `order`.
    departure: u64,
}

/// The saved state of a socket that has disconnected.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
    pub(crate) id: SocketId,
    /// The first event after it joined the namespace.
    pub(crate) since: u64,
    /// Its rooms, each with the first event after it joined.
    pub(crate) rooms: Vec<(Arc<str>, u64)>,
    pub(crate) sent: Sent,
    pub(crate) data: Arc<Data>,
}

/// A socket that came back, and what it missed.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) saved: Saved,
    pub(crate) missed: Vec<EncodedPacket>,
}

impl Log {
    pub(crate) fn new(limits: Recovery) -> Self {
        Self {
            limits,
            salt: engine_io::random_id()[..6].to_owned(),
            next: 0,
            under_way: BTreeSet::new(),
            entries: BTreeMap::new(),
            lanes: HashMap::new(),
            sizes: BTreeSet::new(),
            bytes: 0,
            expired: 0,
            evicted: 0,
            away: HashMap::new(),
            order: BTreeMap::new(),
            departures: 0,
            live: HashMap::new(),
        }
    }

    /// The number of the next event.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// All events below have been queued for every socket.
    pub(crate) fn complete(&self) -> u64 {
        self.under_way.first().copied().unwrap_or(self.next)
    }

    /// The last event was given its number, and is queued from now on.
    pub(crate) fn begin(&mut self) {
        self.under_way.insert(self.next - 1);
    }

    /// The event of this number has been queued for every socket.
    pub(crate) fn end(&mut self, number: u64) {
        self.under_way.remove(&number);
    }

    /// Gives the next event its number, and does not keep it: a volatile event is soon
    /// outdated. It carries an offset all the same, because a client takes the last text
    /// of any event for one.
    pub(crate) fn skip(
        &mut self,
        encode: impl FnOnce(Number, &str) -> EncodedPacket,
    ) -> EncodedPacket {
        let number = self.next;
        self.next += 1;
        let complete = self.complete().min(number);
        let stamp = Number { number, complete };
        encode(stamp, &format!("{}.{number}", self.salt))
    }

    /// Gives the next event its number and keeps it. Drops those that are too old or too
    /// many.
    pub(crate) fn append(
        &mut self,
        now: Instant,
        selection: Selection,
        encode: impl FnOnce(Number, &str) -> EncodedPacket,
    ) -> EncodedPacket {
        let number = self.next;
        let packet = self.skip(encode);
        let names = selection.rooms.len() + selection.except.len();
        let cost = ENTRY_COST + ROOM_COST * names + packet.size();
        let lane = match &selection.rooms[..] {
            [] => Lane::Everyone,
            [room] => Lane::Room(room.clone()),
            _ => Lane::Several,
        };
        let numbers = self.lanes.entry(lane.clone()).or_default();
        self.sizes.remove(&(numbers.bytes, lane.clone()));
        numbers.kept.push_back(number);
        numbers.bytes += cost;
        self.bytes += cost;
        let mut size = numbers.bytes;
        self.sizes.insert((size, lane.clone()));
        let entry = Entry {
            at: now,
            packet: packet.clone(),
            selection,
            lane: lane.clone(),
            cost,
        };
        self.entries.insert(number, entry);

        while size > self.limits.max_room_bytes {
            size = self.evict(&lane);
        }
        while self.bytes > self.limits.max_bytes
            && let Some((_, largest)) = self.sizes.last().cloned()
        {
            self.evict(&largest);
        }
        while self.expire_first(now) {}
        packet
    }

    /// Drops the oldest event if it is too old. Returns whether it was.
    fn expire_first(&mut self, now: Instant) -> bool {
        let Some((oldest, entry)) = self.entries.first_key_value() else {
            return false;
        };
        if !self.is_over(now, entry.at) {
            return false;
        }
        self.expired = oldest + 1;
        let lane = entry.lane.clone();
        self.drop_first(&lane);
        true
    }

    /// Drops a lane's oldest event for want of room. Returns the size of what stays.
    fn evict(&mut self, lane: &Lane) -> usize {
        let Some(numbers) = self.lanes.get_mut(lane) else {
            return 0;
        };
        let evicted = numbers.kept.front().map_or(0, |oldest| oldest + 1);
        numbers.evicted = evicted;
        let size = self.drop_first(lane);
        if size == 0 {
            self.evicted = self.evicted.max(evicted);
        }
        size
    }

    fn drop_first(&mut self, lane: &Lane) -> usize {
        let Some(numbers) = self.lanes.get_mut(lane) else {
            return 0;
        };
        self.sizes.remove(&(numbers.bytes, lane.clone()));
        let oldest = numbers.kept.pop_front();
        if numbers.kept.len() < numbers.kept.capacity() / 4 {
            numbers.kept.shrink_to(2 * numbers.kept.len());
        }
        let entry = oldest.and_then(|oldest| self.entries.remove(&oldest));
        let cost = entry.map_or(0, |entry| entry.cost);
        numbers.bytes -= cost;
        self.bytes -= cost;
        let size = numbers.bytes;
        if numbers.kept.is_empty() {
            self.lanes.remove(lane);
        } else {
            self.sizes.insert((size, lane.clone()));
        }
        size
    }

    fn is_over(&self, now: Instant, since: Instant) -> bool {
        now.saturating_duration_since(since) > self.limits.max_disconnection
    }

    /// Drops events and clients that have been kept for long enough, `most` of them at a
    /// time: other threads wait for the log. Without this, an idle server would keep the
    /// memory of its busiest minute, because nothing new would push the old out. Returns
    /// the clients, to be dropped without a lock, and whether there may be more.
    pub(crate) fn tidy(&mut self, now: Instant, most: usize) -> (Vec<Saved>, bool) {
        let expired = (0..most).take_while(|_| self.expire_first(now)).count();
        let forgotten = (expired..most).map_while(|_| self.forget_first(now));
        let dropped: Vec<_> = forgotten.collect();
        let more = expired + dropped.len() == most;
        if !more {
            self.shrink();
        }
        (dropped, more)
    }

    /// Gives back the space of everything that has been dropped. A map would keep it.
    fn shrink(&mut self) {
        self.lanes.shrink_to_fit();
        self.away.shrink_to_fit();
        self.live.shrink_to_fit();
        // And an empty tree its last node.
        if self.entries.is_empty() {
            self.entries = BTreeMap::new();
            self.sizes = BTreeSet::new();
        }
        if self.order.is_empty() {
            self.order = BTreeMap::new();
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

    /// A socket has gone, and can come back. What it was sent has been settled with
    /// [`complete`](Self::complete) from *before* it left: an event that was queued for
    /// everyone only afterwards was not queued for this one. Returns what is not kept any longer, to be
    /// dropped without a lock: it has a user's data.
    pub(crate) fn save(
        &mut self,
        now: Instant,
        pid: &Arc<str>,
        saved: Saved,
    ) -> Vec<Saved> {
        self.live.remove(pid);
        let departure = self.departures;
        self.departures += 1;
        self.order.insert(departure, pid.clone());
        let away = Away {
            saved,
            since: now,
            departure,
        };
        let mut dropped = Vec::new();
        if let Some(before) = self.away.insert(pid.clone(), away) {
            self.order.remove(&before.departure);
            dropped.push(before.saved);
        }
        while let Some(saved) = self.forget_first(now) {
            dropped.push(saved);
        }
        dropped
    }

    /// Forgets the client that has been away for longest, if that is too long or too many
    /// are away. Returns its state.
    fn forget_first(&mut self, now: Instant) -> Option<Saved> {
        let (_, first) = self.order.first_key_value()?;
        let away = self.away.get(first)?;
        let too_many = self.away.len() > self.limits.max_sessions;
        if !too_many && !self.is_over(now, away.since) {
            return None;
        }
        let (_, first) = self.order.pop_first()?;
        Some(self.away.remove(&first)?.saved)
    }

    // ANCHOR: restore
    /// A client is back, and has seen everything up to `offset`, or nothing. Returns its
    /// kept state and the events that it missed, or `None` if some of them are gone or
    /// they are larger than `budget`.
    pub(crate) fn restore(
        &mut self,
        now: Instant,
        pid: &str,
        offset: Option<&str>,
        budget: usize,
    ) -> Option<Restored> {
        // First of all: most private ids are unknown, and everything else costs more.
        let away = self.away.get(pid)?;
        if self.is_over(now, away.since) {
            return None;
        }
        let last = match offset {
            None => None,
            Some(offset) => {
                let (salt, number) = offset.split_once('.')?;
                Some(number.parse().ok().filter(|_| salt == self.salt)?)
            }
        };
        let mut saved = away.saved.clone();
        let (all_seen, complete) = (saved.sent.next(), saved.sent.complete());
        let unseen = saved.sent.rewind(last)?;
        let lowest = unseen.lowest();
        // What was sent before it left can be too old, if it was connected and silent for
        // long; what was sent afterwards is not.
        let too_old =
            self.expired > lowest && (lowest < all_seen || self.expired > complete);
        let lanes = saved.lanes();
        let too_many = lanes.iter().any(|(lane, since)| {
            let evicted = self.lanes.get(lane).map_or(0, |numbers| numbers.evicted);
            let evicted = evicted.max(self.evicted);
            evicted > lowest && evicted > *since
        });
        if too_old || too_many {
            return None;
        }
        let mut missed: Vec<(u64, EncodedPacket)> = Vec::new();
        let mut bytes = 0;
        for (lane, _) in &lanes {
            let Some(numbers) = self.lanes.get(lane) else {
                continue;
            };
            let first = numbers.kept.partition_point(|number| *number < lowest);
            for number in numbers.kept.range(first..) {
                if unseen.contains(*number)
                    && let Some(entry) = self.entries.get(number)
                    && saved.is_selected(*number, &entry.selection)
                {
                    bytes += entry.packet.size();
                    if bytes > budget {
                        return None;
                    }
                    missed.push((*number, entry.packet.clone()));
                }
            }
        }
        missed.sort_unstable_by_key(|(number, _)| *number);
        for (number, _) in &missed {
            saved.sent.record(*number, 0);
        }
        saved.sent.continue_at(self.next);
        let away = self.away.remove(pid)?;
        self.order.remove(&away.departure);
        let missed = missed.into_iter().map(|(_, packet)| packet).collect();
        Some(Restored { saved, missed })
    }
    // ANCHOR_END: restore
}

impl Saved {
    /// The lanes that can have something for it, each with the first number that counts.
    fn lanes(&self) -> Vec<(Lane, u64)> {
        let own = Lane::Room(Room::Own(self.id.clone()));
        let rooms = self
            .rooms
            .iter()
            .map(|(name, since)| (Lane::Room(Room::Named(name.clone())), *since));
        [(Lane::Everyone, self.since), (Lane::Several, self.since)]
            .into_iter()
            .chain([(own, 0)])
            .chain(rooms)
            .collect()
    }

    /// Whether it was in a room when the event of this number was sent.
    fn was_in(&self, number: u64, room: &Room) -> bool {
        match room {
            Room::Own(id) => *id == self.id,
            Room::Named(name) => self
                .rooms
                .iter()
                .any(|(joined, since)| joined == name && number >= *since),
        }
    }

    fn is_selected(&self, number: u64, selection: &Selection) -> bool {
        let selected = if selection.rooms.is_empty() {
            number >= self.since
        } else {
            selection.rooms.iter().any(|room| self.was_in(number, room))
        };
        selected
            && !selection
                .except
                .iter()
                .any(|room| self.was_in(number, room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::packet::PacketType;

    const PLENTY: usize = 1 << 20;

    fn packet(text: &str) -> EncodedPacket {
        EncodedPacket::plain(PacketType::Event, "/", &format!("[\"{text}\"]"))
    }

    fn to(room: &str) -> Selection {
        Selection {
            rooms: vec![room.into()],
            ..Selection::default()
        }
    }

    fn say(log: &mut Log, now: Instant, selection: Selection, text: &str) -> String {
        let mut offset = String::new();
        log.append(now, selection, |_, at| {
            at.clone_into(&mut offset);
            packet(text)
        });
        offset
    }

    /// A client in the room `tea`, which is there from the start and has been sent all of
    /// it so far.
    fn client(log: &Log) -> Saved {
        let mut sent = Sent::new(0);
        if log.next() > 0 {
            sent.record(log.next() - 1, log.next() - 1);
        }
        Saved {
            id: SocketId::random(),
            since: 0,
            rooms: vec![("tea".into(), 0)],
            sent,
            data: Arc::default(),
        }
    }

    fn texts(restored: &Restored) -> Vec<String> {
        let messages = restored.missed.iter().flat_map(EncodedPacket::messages);
        messages
            .map(|message| message.as_text().unwrap_or_default().to_owned())
            .collect()
    }

    fn cost() -> usize {
        ENTRY_COST + ROOM_COST + packet("a").size()
    }

    #[test]
    fn a_log_that_is_just_full_keeps_everything_and_the_next_event_pushes_out_the_first()
    {
        let now = Instant::now();
        let mut log = Log::new(Recovery {
            max_bytes: 3 * cost(),
            ..Recovery::default()
        });
        for kept in [1, 2, 3, 3, 3] {
            say(&mut log, now, to("tea"), "a");
            assert_eq!((log.entries.len(), log.bytes), (kept, kept * cost()));
        }
        assert_eq!(log.next(), 5);
        assert_eq!((log.lanes.len(), log.sizes.len()), (1, 1));
    }

    #[test]
    fn an_event_is_kept_for_as_long_as_a_client_can_be_away() {
        let (now, limits) = (Instant::now(), Recovery::default());
        let mut log = Log::new(limits);
        say(&mut log, now, to("tea"), "a");
        say(&mut log, now + limits.max_disconnection, to("tea"), "b");
        assert_eq!(log.entries.len(), 2, "to the last moment");
        let later = now + limits.max_disconnection + Duration::from_millis(1);
        say(&mut log, later, to("tea"), "c");
        assert_eq!(log.entries.len(), 2, "and no longer");
    }

    #[test]
    fn a_loud_room_pushes_out_its_own_events_and_no_other_rooms() {
        let now = Instant::now();
        let mut log = Log::new(Recovery {
            max_bytes: 100 * cost(),
            max_room_bytes: 60 * cost(),
            ..Recovery::default()
        });
        let offset = say(&mut log, now, to("tea"), "a");
        log.save(now, &"pid".into(), client(&log));
        say(&mut log, now, to("tea"), "b");
        for room in ["loud", "louder", "cake"] {
            for _ in 0..1000 {
                say(&mut log, now, to(room), "x");
            }
        }
        assert!(log.bytes <= 100 * cost());
        let back = log.restore(now, "pid", Some(&offset), PLENTY).unwrap();
        assert_eq!(texts(&back), [r#"2["b"]"#]);
    }

    #[test]
    fn a_room_that_was_too_loud_starts_its_own_members_from_scratch() {
        let now = Instant::now();
        let mut log = Log::new(Recovery {
            max_room_bytes: 3 * cost(),
            ..Recovery::default()
        });
        let offset = say(&mut log, now, to("tea"), "a");
        log.save(now, &"pid".into(), client(&log));
        for _ in 0..4 {
            say(&mut log, now, to("tea"), "b");
        }
        assert!(log.restore(now, "pid", Some(&offset), PLENTY).is_none());
    }

    #[test]
    fn a_client_that_missed_more_than_may_be_queued_starts_from_scratch() {
        let now = Instant::now();
        let mut log = Log::new(Recovery::default());
        let offset = say(&mut log, now, to("tea"), "a");
        log.save(now, &"pid".into(), client(&log));
        say(&mut log, now, to("tea"), "b");
        say(&mut log, now, to("tea"), "c");
        let size = packet("b").size() + packet("c").size();
        assert!(log.restore(now, "pid", Some(&offset), size - 1).is_none());
        assert!(log.restore(now, "pid", Some(&offset), size).is_some());
        assert!(
            log.restore(now, "pid", Some(&offset), size).is_none(),
            "once"
        );
    }

    #[test]
    fn a_client_that_was_sent_nothing_gets_everything_since_it_came() {
        let now = Instant::now();
        let mut log = Log::new(Recovery::default());
        say(&mut log, now, to("tea"), "before");
        let mut saved = client(&log);
        saved.sent = Sent::new(log.next());
        saved.rooms[0].1 = log.next();
        saved.since = log.next();
        log.save(now, &"pid".into(), saved);
        say(&mut log, now, to("tea"), "after");
        let back = log.restore(now, "pid", None, PLENTY).unwrap();
        assert_eq!(texts(&back), [r#"2["after"]"#]);
    }

    #[test]
    fn a_client_in_a_quiet_room_is_known_however_old_its_offset_is() {
        let (now, limits) = (Instant::now(), Recovery::default());
        let mut log = Log::new(limits);
        let offset = say(&mut log, now, to("tea"), "a");
        let later = now + 10 * limits.max_disconnection;
        let saved = client(&log);
        say(&mut log, later, to("cake"), "x");
        log.save(later, &"pid".into(), saved);
        assert_eq!(log.expired, 1);
        let back = log.restore(later, "pid", Some(&offset), PLENTY).unwrap();
        assert_eq!(texts(&back), Vec::<String>::new());
    }

    #[test]
    fn an_event_that_misses_a_client_because_it_is_leaving_is_kept_for_it() {
        let now = Instant::now();
        let mut log = Log::new(Recovery::default());
        say(&mut log, now, to("tea"), "a");
        let mut saved = client(&log);
        say(&mut log, now, to("tea"), "slow");
        log.begin();
        let offset = say(&mut log, now, to("tea"), "quick");
        saved.sent.record(2, log.complete());
        let complete = log.complete();
        // Here it leaves, and the slow one finds it gone.
        log.end(1);
        saved.sent.settle(complete);
        log.save(now, &"pid".into(), saved);
        let back = log.restore(now, "pid", Some(&offset), PLENTY).unwrap();
        assert_eq!(texts(&back), [r#"2["slow"]"#]);
    }

    #[test]
    fn an_event_from_before_a_client_joined_the_room_is_not_for_it() {
        let now = Instant::now();
        let mut log = Log::new(Recovery::default());
        let offset = say(&mut log, now, Selection::default(), "for all");
        let mut saved = client(&log);
        say(&mut log, now, to("tea"), "before");
        saved.rooms[0].1 = log.next();
        say(&mut log, now, to("tea"), "after");
        log.save(now, &"pid".into(), saved);
        let back = log.restore(now, "pid", Some(&offset), PLENTY).unwrap();
        assert_eq!(texts(&back), [r#"2["after"]"#]);
    }

    #[test]
    fn a_made_up_offset_is_worth_nothing_and_costs_nothing() {
        let now = Instant::now();
        let mut log = Log::new(Recovery::default());
        let offset = say(&mut log, now, to("tea"), "a");
        log.save(now, &"pid".into(), client(&log));
        let (salt, _) = offset.split_once('.').unwrap();
        for made_up in ["", "0", "x.0", &format!("{salt}.1"), &format!("{salt}.-1")] {
            assert!(log.restore(now, "pid", Some(made_up), PLENTY).is_none());
        }
        assert!(log.restore(now, "guessed", Some(&offset), PLENTY).is_none());
        assert!(log.restore(now, "pid", Some(&offset), PLENTY).is_some());
    }

    #[test]
    fn the_log_costs_what_it_counts() {
        let now = Instant::now();
        let mut log = Log::new(Recovery::default());
        let text = "x".repeat(20);
        let info = allocation_counter::measure(|| {
            for number in 0..5000 {
                // Rooms of one event each: the most expensive shape.
                let room = format!("room {number}");
                say(&mut log, now, to(&room), &text);
            }
        });
        let kept = usize::try_from(info.bytes_current).unwrap();
        assert!(
            kept <= log.bytes,
            "{kept} bytes are kept, {} counted",
            log.bytes
        );
        let mut log = Log::new(Recovery {
            max_bytes: 100_000,
            ..Recovery::default()
        });
        let info = allocation_counter::measure(|| {
            for _ in 0..50_000 {
                say(&mut log, now, Selection::default(), "x");
            }
        });
        assert!(info.bytes_current <= 100_000, "{info:?}");
    }

    /// A socket that is there, and does nothing.
    struct Here(SocketId);

    impl Member for Here {
        fn id(&self) -> &SocketId {
            &self.0
        }
        fn deliver(&self, _: &EncodedPacket, _: bool) -> bool {
            true
        }
        fn replaced(self: Arc<Self>) {}
    }

    /// A busy minute: 5000 clients come, each to a room of its own, say something there,
    /// and leave without a goodbye.
    fn crowd(log: &mut Log, now: Instant) {
        let pids: Vec<Arc<str>> = (0..5000).map(|it| it.to_string().into()).collect();
        for pid in &pids {
            log.arrived(pid.clone(), Arc::new(Here(SocketId::random())));
            say(log, now, to(pid), "a");
        }
        for pid in &pids {
            log.save(now, pid, client(log));
        }
    }

    /// Tidies until nothing more is to be done. Returns how many clients were forgotten.
    fn tidy(log: &mut Log, now: Instant) -> usize {
        let mut forgotten = 0;
        loop {
            let (dropped, more) = log.tidy(now, 700);
            assert!(dropped.len() <= 700, "in portions");
            forgotten += dropped.len();
            if !more {
                return forgotten;
            }
        }
    }

    #[test]
    fn a_log_without_news_forgets_everything_in_time_and_costs_what_an_empty_one_costs() {
        let (now, limits) = (Instant::now(), Recovery::default());
        let mut log = Log::new(limits);
        let info = allocation_counter::measure(|| {
            crowd(&mut log, now);
            let last_moment = now + limits.max_disconnection;
            assert_eq!(tidy(&mut log, last_moment), 0);
            assert_eq!((log.entries.len(), log.away.len()), (5000, 5000));
            let later = last_moment + Duration::from_millis(1);
            assert_eq!(tidy(&mut log, later), 5000);
        });
        assert_eq!((log.entries.len(), log.lanes.len(), log.bytes), (0, 0, 0));
        assert_eq!((log.away.len(), log.order.len()), (0, 0));
        assert_eq!(info.bytes_current, 0, "{info:?}");
        assert_eq!(log.next(), 5000, "no number is given twice");
    }

    #[test]
    fn a_log_that_is_tidied_costs_what_it_still_counts() {
        let (now, limits) = (Instant::now(), Recovery::default());
        let mut log = Log::new(limits);
        let later = now + limits.max_disconnection;
        let info = allocation_counter::measure(|| {
            crowd(&mut log, now);
            for _ in 0..5000 {
                say(&mut log, now, to("loud"), "a");
            }
            for number in 0..100 {
                say(&mut log, later, to(&format!("{number}")), "a");
            }
            say(&mut log, later, to("loud"), "a");
            assert_eq!(tidy(&mut log, later + Duration::from_millis(1)), 5000);
        });
        assert_eq!((log.entries.len(), log.lanes.len()), (101, 101));
        let kept = usize::try_from(info.bytes_current).unwrap();
        assert!(kept <= log.bytes, "{kept} kept, {} counted", log.bytes);
    }

    #[test]
    fn a_client_whose_missed_events_were_tidied_away_starts_from_scratch() {
        let (now, limits) = (Instant::now(), Recovery::default());
        let mut log = Log::new(limits);
        let offset = say(&mut log, now, to("tea"), "a");
        let saved = client(&log);
        say(&mut log, now, to("tea"), "b");
        let later = now + limits.max_disconnection + Duration::from_millis(1);
        // It was connected all the time, and slow: it has not been sent the second one.
        log.save(later, &"pid".into(), saved);
        assert_eq!(tidy(&mut log, later), 0);
        assert!(log.restore(later, "pid", Some(&offset), PLENTY).is_none());
    }
}
