//! The people in each room, and their nicknames.
//!
//! A nickname belongs to a person, not to a connection. A person who reloads the page, or
//! walks out of the Wi-Fi, is back on a new connection while the server may believe in
//! the old one until a heartbeat is missed, most of a minute later. "Nickname already in
//! use" would be the wrong answer then: it is in use by the same person. And the others
//! need not hear of it: a person who is back within [`Timing::linger`] never left.
//!
//! Nothing here sends anything. Each room remembers whom its people were told of, and
//! [`Presence::news`] compares that with who is there: so a crowd that arrives at once is
//! one change, and a change that is undone in time is not told at all.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::names::Nickname;

#[cfg(feature = "cluster")]
mod elsewhere;
mod seat;

pub use self::seat::{Seat, State};

/// The most people in a room: the list of their nicknames has to fit into what may wait
/// for one reader.
pub const MAX_PEOPLE: usize = 2000;
/// The most people of whom a room is sent the whole list at each change. A larger room
/// is sent the changes.
pub const MAX_LISTED: usize = 50;
/// The most names in a sentence such as "Ann, Bob and 3 more joined".
const MAX_NAMED: usize = 3;

/// When a room is told who is there.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// How long to collect changes of the list.
    pub debounce: Duration,
    /// How long to collect joins and leaves for one announcement.
    pub gather: Duration,
    /// How long a person who may come back counts as present.
    pub linger: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            debounce: Duration::from_millis(100),
            gather: Duration::from_secs(1),
            linger: Duration::from_secs(10),
        }
    }
}

/// By what the server knows a person again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Person {
    /// A secret that the page made up and sends with each connection.
    Secret(Arc<str>),
    /// Without a secret, a person is one socket: its id.
    Socket(Arc<str>),
    /// A person who is on another server: the [digest](Person::digest).
    Elsewhere(Arc<str>),
}

impl Person {
    /// What other servers are told of a person, instead of the secret: the same person has
    /// the same digest.
    pub fn digest(&self) -> Arc<str> {
        seat::digest(self)
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Person::Elsewhere(_), _) | (_, Person::Elsewhere(_)) => {
                self.digest() == other.digest()
            }
            _ => self == other,
        }
    }
}

/// Why a nickname was not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another person has it.
    #[error("Nickname already in use")]
    InUse,
    /// There are [`MAX_PEOPLE`] already.
    #[error("The room is full")]
    Full,
}

/// How long a nickname is kept when its person leaves.
#[derive(Debug, Clone, Copy)]
pub struct Absence {
    /// How long the person counts as present.
    pub linger: Duration,
    /// How long the nickname is kept for the person.
    pub keep: Duration,
    /// Stands for the person's address.
    pub address: u64,
    /// How many people of this address may be away. For one more nothing is kept.
    pub at_most: usize,
}

/// A change of the people in a room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The number of this change in this room. A client that misses one asks for the
    /// list.
    pub number: u64,
    /// The people who have come.
    pub joined: Vec<String>,
    /// The people who have gone.
    pub left: Vec<String>,
    /// Old name, new name.
    pub renamed: Vec<(String, String)>,
}

/// The event that a room is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A small room: all people who are there, and the number of the change.
    List(Vec<String>, u64),
    /// A large room: the change.
    Change(Change),
}

/// The nicknames of all rooms.
#[derive(Default)]
pub struct Presence {
    rooms: Mutex<Rooms>,
    changed: Notify,
    unpublished: Notify,
    /// There are other servers.
    shared: bool,
}

#[derive(Default)]
struct Rooms {
    by_slug: HashMap<Arc<str>, Room>,
    /// Rooms in which something has changed since they were told.
    changed: BTreeSet<Arc<str>>,
    /// Rooms in which something happens by itself: a person is not expected any longer.
    due: BTreeMap<Instant, BTreeSet<Arc<str>>>,
    /// How many people of each address are away.
    away: HashMap<u64, usize>,
    /// The next holder's id.
    next: u64,
    /// Rooms in which something has changed that other servers may not know.
    unpublished: BTreeSet<Arc<str>>,
    /// The other servers that have people here.
    #[cfg(feature = "cluster")]
    nodes: std::collections::HashSet<Arc<str>>,
    /// Nicknames, by room and key, that this server's people have lost to others.
    evicted: Vec<(Arc<str>, String)>,
}

#[derive(Default)]
struct Room {
    /// By [`Nickname::key`].
    holders: HashMap<String, Holder>,
    /// Sockets in the room, with a nickname or without.
    sockets: usize,
    /// Whom the room was told of, by [`Holder::id`].
    told: HashMap<u64, String>,
    /// Whom the announcements spoke of.
    announced: HashMap<u64, String>,
    /// The number of the latest change.
    number: u64,
}

struct Holder {
    /// Stays the same when the person takes another name.
    id: u64,
    person: Person,
    shown: String,
    /// Connections under this nickname.
    sockets: usize,
    /// For a person without one.
    away: Option<Away>,
    /// The same person on other servers.
    elsewhere: BTreeMap<Arc<str>, State>,
}

struct Away {
    /// Until then the person counts as present.
    present: Instant,
    /// Until then the nickname is kept.
    kept: Instant,
    address: u64,
}

impl Holder {
    fn is_present(&self, now: Instant) -> bool {
        self.sockets > 0
            || self.away.as_ref().is_some_and(|away| now < away.present)
            || self.elsewhere.values().any(|state| *state > State::Kept)
    }

    fn is_gone(&self, now: Instant) -> bool {
        self.elsewhere.is_empty() && self.is_gone_from_here(now)
    }

    fn is_gone_from_here(&self, now: Instant) -> bool {
        self.sockets == 0 && self.away.as_ref().is_none_or(|away| away.kept <= now)
    }
}

impl Presence {
    /// For one server of several, or for the only one.
    pub fn new(shared: bool) -> Self {
        Self {
            shared,
            ..Self::default()
        }
    }

    /// A socket has come into a room.
    pub fn enter(&self, room: &Arc<str>) {
        self.lock().by_slug.entry(room.clone()).or_default().sockets += 1;
    }

    /// A socket has gone from a room.
    pub fn exit(&self, room: &Arc<str>) {
        let mut rooms = self.lock();
        if let Some(state) = rooms.by_slug.get_mut(room) {
            state.sockets = state.sockets.saturating_sub(1);
        }
        rooms.tidy(room, Instant::now());
    }

    /// The rooms with a socket in them.
    pub fn occupied(&self) -> BTreeSet<Arc<str>> {
        let rooms = self.lock();
        let occupied = rooms.by_slug.iter().filter(|(_, room)| room.sockets > 0);
        occupied.map(|(slug, _)| slug.clone()).collect()
    }

    /// Gives the nickname to the person, for one more socket.
    ///
    /// # Errors
    /// [`Refusal`]; then nothing changed.
    pub fn take(
        &self,
        room: &Arc<str>,
        nickname: &Nickname,
        person: &Person,
    ) -> Result<(), Refusal> {
        let now = Instant::now();
        let mut rooms = self.lock();
        rooms.sweep(room, now);
        if !rooms.is_theirs(room, nickname, person)? {
            rooms.make_place(room)?;
        }
        rooms.seat(room, nickname, person);
        self.mark(&mut rooms, room);
        Ok(())
    }

    /// Gives the person another nickname, for one socket that had `old`.
    ///
    /// # Errors
    /// [`Refusal`]; then nothing changed.
    pub fn rename(
        &self,
        room: &Arc<str>,
        old: &Nickname,
        new: &Nickname,
        person: &Person,
    ) -> Result<(), Refusal> {
        let now = Instant::now();
        let mut rooms = self.lock();
        rooms.sweep(room, now);
        if old.key != new.key {
            rooms.is_theirs(room, new, person)?;
        }
        let holders = rooms.by_slug.get_mut(room).map(|room| &mut room.holders);
        let moved = match holders {
            // The person's only socket, and a name that is free: the same holder.
            Some(holders)
                if holders.get(&old.key).is_some_and(|it| it.sockets == 1)
                    && (old.key == new.key || !holders.contains_key(&new.key)) =>
            {
                holders.remove(&old.key).map(|mut holder| {
                    holder.shown.clone_from(&new.shown);
                    holders.insert(new.key.clone(), holder);
                })
            }
            _ => None,
        };
        if moved.is_none() {
            rooms.unseat(room, old, None, now);
            rooms.seat(room, new, person);
        }
        self.mark(&mut rooms, room);
        Ok(())
    }

    /// Takes back what [`Presence::take`] gave to one socket. With an absence, the person
    /// may come back.
    pub fn leave(&self, room: &Arc<str>, nickname: &Nickname, absence: Option<Absence>) {
        let mut rooms = self.lock();
        rooms.unseat(room, nickname, absence, Instant::now());
        self.mark(&mut rooms, room);
    }

    /// Waits until something has changed since [`Presence::take_changes`].
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The next moment at which something changes by itself.
    pub fn next_due(&self) -> Option<Instant> {
        self.lock().due.keys().next().copied()
    }

    /// The rooms that may have changed since the last call.
    pub fn take_changes(&self) -> BTreeSet<Arc<str>> {
        let now = Instant::now();
        let mut rooms = self.lock();
        let mut changed = std::mem::take(&mut rooms.changed);
        while let Some(due) = rooms.due.first_entry()
            && *due.key() <= now
        {
            let due = due.remove();
            if self.shared {
                rooms.unpublished.extend(due.iter().cloned());
                self.unpublished.notify_one();
            }
            changed.extend(due);
        }
        for room in &changed {
            rooms.sweep(room, now);
        }
        changed
    }

    /// Compares the people in the room with those it was told of by the last call. `None`
    /// if they are the same.
    pub fn news(&self, room: &Arc<str>) -> Option<News> {
        let now = Instant::now();
        let mut rooms = self.lock();
        let state = rooms.by_slug.get_mut(room)?;
        let here = state.present(now);
        let mut change = compare(&mut state.told, &here);
        if change == Change::default() {
            rooms.tidy(room, now);
            return None;
        }
        state.number += 1;
        change.number = state.number;
        let news = if here.len() <= MAX_LISTED {
            News::List(state.sorted(now), change.number)
        } else {
            News::Change(change)
        };
        rooms.tidy(room, now);
        Some(news)
    }

    /// Returns a sentence about the people who joined, left or took another name since the
    /// last call.
    pub fn announcement(&self, room: &Arc<str>) -> Option<String> {
        let now = Instant::now();
        let mut rooms = self.lock();
        let state = rooms.by_slug.get_mut(room)?;
        let here = state.present(now);
        let change = compare(&mut state.announced, &here);
        rooms.tidy(room, now);
        let renamed = change.renamed.iter().take(MAX_NAMED);
        let mut parts: Vec<_> = renamed
            .map(|(old, new)| format!("{old} is now {new}"))
            .collect();
        if let Some(more) = change.renamed.len().checked_sub(MAX_NAMED + 1) {
            parts.push(format!("{} more have other names", more + 1));
        }
        for (names, did) in [(&change.joined, "joined"), (&change.left, "left")] {
            if let Some(names) = enumerate(names) {
                parts.push(format!("{names} {did}"));
            }
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// Returns the sorted nicknames of the people in the room, and the number of the
    /// latest change.
    pub fn online(&self, room: &str) -> (Vec<String>, u64) {
        let rooms = self.lock();
        rooms.by_slug.get(room).map_or((Vec::new(), 0), |state| {
            (state.sorted(Instant::now()), state.number)
        })
    }

    /// How many people are present in the room.
    pub fn count(&self, room: &str) -> usize {
        let (rooms, now) = (self.lock(), Instant::now());
        rooms.by_slug.get(room).map_or(0, |state| {
            let holders = state.holders.values();
            holders.filter(|holder| holder.is_present(now)).count()
        })
    }

    /// How many people are present in all rooms.
    pub fn total(&self) -> usize {
        let (rooms, now) = (self.lock(), Instant::now());
        let holders = rooms
            .by_slug
            .values()
            .flat_map(|room| room.holders.values());
        holders.filter(|holder| holder.is_present(now)).count()
    }

    /// The other servers may know something about this room that is not so.
    pub(crate) fn publish(&self, room: &Arc<str>) {
        if self.shared {
            self.lock().unpublished.insert(room.clone());
            self.unpublished.notify_one();
        }
    }

    /// The nicknames, by room and key, that this server's people have lost.
    pub(crate) fn take_evicted(&self) -> Vec<(Arc<str>, String)> {
        std::mem::take(&mut self.lock().evicted)
    }

    fn mark(&self, rooms: &mut Rooms, room: &Arc<str>) {
        rooms.changed.insert(room.clone());
        self.changed.notify_one();
        if self.shared {
            rooms.unpublished.insert(room.clone());
            self.unpublished.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Rooms> {
        // Each change is whole before anything can panic, so a poisoned lock still guards
        // good data.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Compares the people that a room knows of with those who are there, and makes the
/// second list the known one.
fn compare(known: &mut HashMap<u64, String>, here: &HashMap<u64, String>) -> Change {
    let mut change = Change::default();
    for (id, name) in here {
        match known.get(id) {
            None => change.joined.push(name.clone()),
            Some(old) if old != name => change.renamed.push((old.clone(), name.clone())),
            Some(_) => {}
        }
    }
    let gone = known.iter().filter(|(id, _)| !here.contains_key(id));
    change.left.extend(gone.map(|(_, name)| name.clone()));
    known.clone_from(here);
    change.joined.sort_unstable();
    change.left.sort_unstable();
    change.renamed.sort_unstable();
    change
}

/// "Ann", "Ann and Bob", "Ann, Bob, Cy and 4 more".
fn enumerate(names: &[String]) -> Option<String> {
    let more = names.len().saturating_sub(MAX_NAMED);
    let mut named: Vec<_> = names.iter().take(MAX_NAMED).cloned().collect();
    if more > 0 {
        named.push(format!("{more} more"));
    }
    let last = named.pop()?;
    if named.is_empty() {
        Some(last)
    } else {
        Some(format!("{} and {last}", named.join(", ")))
    }
}

impl Room {
    fn present(&self, now: Instant) -> HashMap<u64, String> {
        let here = self
            .holders
            .values()
            .filter(|holder| holder.is_present(now));
        here.map(|holder| (holder.id, holder.shown.clone()))
            .collect()
    }

    fn sorted(&self, now: Instant) -> Vec<String> {
        let here = self
            .holders
            .iter()
            .filter(|(_, holder)| holder.is_present(now));
        let mut here: Vec<_> = here
            .map(|(_, holder)| (holder.shown.to_lowercase(), holder.shown.clone()))
            .collect();
        here.sort_unstable();
        here.into_iter().map(|(_, shown)| shown).collect()
    }
}

impl Rooms {
    /// Whether the person has this nickname already. An error if another person has it.
    fn is_theirs(
        &self,
        room: &Arc<str>,
        nickname: &Nickname,
        person: &Person,
    ) -> Result<bool, Refusal> {
        let state = self.by_slug.get(room);
        match state.and_then(|state| state.holders.get(&nickname.key)) {
            Some(holder) if !holder.person.is_same(person) => Err(Refusal::InUse),
            holder => Ok(holder.is_some()),
        }
    }

    /// Makes sure that there is a place for one more person: in a full room, the seat of
    /// one who is away.
    fn make_place(&mut self, room: &Arc<str>) -> Result<(), Refusal> {
        let Some(state) = self.by_slug.get_mut(room) else {
            return Ok(());
        };
        if state.holders.len() < MAX_PEOPLE {
            return Ok(());
        }
        let away = |(_, holder): &(&String, &Holder)| {
            holder.sockets == 0 && holder.elsewhere.is_empty()
        };
        let key = state.holders.iter().find(away).map(|(key, _)| key.clone());
        let holder = state.holders.remove(&key.ok_or(Refusal::Full)?);
        if let Some(away) = holder.and_then(|holder| holder.away) {
            self.is_back(away.address);
        }
        Ok(())
    }

    fn seat(&mut self, room: &Arc<str>, nickname: &Nickname, person: &Person) {
        let state = self.by_slug.entry(room.clone()).or_default();
        if let Some(holder) = state.holders.get_mut(&nickname.key) {
            holder.sockets += 1;
            // Here it is known who that is, not only by the digest.
            holder.person = person.clone();
            holder.shown.clone_from(&nickname.shown);
            if let Some(away) = holder.away.take() {
                self.is_back(away.address);
            }
            return;
        }
        let holder = Holder {
            id: self.next,
            person: person.clone(),
            shown: nickname.shown.clone(),
            sockets: 1,
            away: None,
            elsewhere: BTreeMap::new(),
        };
        self.next += 1;
        state.holders.insert(nickname.key.clone(), holder);
    }

    fn unseat(
        &mut self,
        room: &Arc<str>,
        nickname: &Nickname,
        absence: Option<Absence>,
        now: Instant,
    ) {
        let state = self.by_slug.get_mut(room);
        let Some(holder) = state.and_then(|it| it.holders.get_mut(&nickname.key)) else {
            return;
        };
        if holder.sockets == 0 {
            // The nickname was lost to a person of another server a moment ago.
            return;
        }
        holder.sockets -= 1;
        if holder.sockets > 0 {
            return;
        }
        if let Some(absence) = absence {
            let others = self.away.entry(absence.address).or_default();
            if *others < absence.at_most {
                *others += 1;
                let (present, kept) = (now + absence.linger, now + absence.keep);
                holder.away = Some(Away {
                    present,
                    kept: kept.max(present),
                    address: absence.address,
                });
                for moment in [present, kept.max(present)] {
                    self.due.entry(moment).or_default().insert(room.clone());
                }
            } else if *others == 0 {
                self.away.remove(&absence.address);
                shrink(&mut self.away);
            }
        }
        self.sweep(room, now);
    }

    /// Forgets those who are not expected any longer.
    fn sweep(&mut self, room: &Arc<str>, now: Instant) {
        let Some(state) = self.by_slug.get_mut(room) else {
            return;
        };
        // Someone who is on another server stays, and is not expected here any longer.
        let of_here = state.holders.values_mut();
        let of_here = of_here.filter(|holder| holder.is_gone_from_here(now));
        let mut gone: Vec<_> = of_here.filter_map(|holder| holder.away.take()).collect();
        let rest = state.holders.extract_if(|_, holder| holder.is_gone(now));
        gone.extend(rest.filter_map(|(_, holder)| holder.away));
        shrink(&mut state.holders);
        for away in gone {
            self.is_back(away.address);
        }
    }

    /// One person less of this address is away.
    fn is_back(&mut self, address: u64) {
        if let Some(count) = self.away.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.away.remove(&address);
                shrink(&mut self.away);
            }
        }
    }

    /// Forgets a room of which there is nothing left to tell.
    fn tidy(&mut self, room: &Arc<str>, now: Instant) {
        self.sweep(room, now);
        let empty = self.by_slug.get(room).is_some_and(|state| {
            state.sockets == 0
                && state.holders.is_empty()
                && state.told.is_empty()
                && state.announced.is_empty()
        });
        if empty {
            self.by_slug.remove(room);
            shrink(&mut self.by_slug);
        }
    }
}

/// A map keeps the space of its largest size. This one gives most of it back when it uses
/// less than about a quarter: with space to double, its size can go up and down without
/// moving everything each time.
fn shrink<K: Eq + Hash, V>(map: &mut HashMap<K, V>) {
    map.shrink_to(2 * map.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINGER: Duration = Duration::from_secs(10);
    const KEPT: Duration = Duration::from_mins(2);

    fn named(name: &str) -> Nickname {
        Nickname::new(name).unwrap()
    }

    fn secret(secret: &str) -> Person {
        Person::Secret(secret.into())
    }

    fn absence(at_most: usize) -> Absence {
        Absence {
            linger: LINGER,
            keep: KEPT,
            address: 7,
            at_most,
        }
    }

    fn lobby() -> (Presence, Arc<str>) {
        (Presence::default(), "lobby".into())
    }

    fn list(names: &[&str], number: u64) -> News {
        let names = names.iter().copied().map(String::from).collect();
        News::List(names, number)
    }

    #[tokio::test(start_paused = true)]
    async fn a_nickname_has_one_holder_in_a_room() {
        let (presence, lobby) = lobby();
        let attic = "attic".into();
        assert_eq!(presence.take(&lobby, &named("Ann"), &secret("a")), Ok(()));
        let refused = presence.take(&lobby, &named("ANN"), &secret("b"));
        assert_eq!(refused, Err(Refusal::InUse));
        let elsewhere = presence.take(&attic, &named("Ann"), &secret("b"));
        assert_eq!(elsewhere, Ok(()), "rooms are apart");
        let same_word = Person::Socket("a".into());
        let refused = presence.take(&lobby, &named("Ann"), &same_word);
        assert_eq!(refused, Err(Refusal::InUse), "an id is no secret");
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_that_has_left_leaves_no_memory_behind() {
        let (presence, lobby) = lobby();
        presence.enter(&lobby);
        let ann = named("Ann");
        presence.take(&lobby, &ann, &secret("a")).unwrap();
        let told = || (presence.news(&lobby), presence.announcement(&lobby));
        told();
        let info = allocation_counter::measure(|| {
            let crowd: Vec<_> = (1..500_u64)
                .map(|number| {
                    let room: Arc<str> = format!("room {number}").into();
                    (number, room, format!("guest {number}"))
                })
                .collect();
            for (address, room, name) in &crowd {
                presence.enter(room);
                let (nickname, person) = (named(name), secret(name));
                presence.take(&lobby, &nickname, &person).unwrap();
                let absence = Absence {
                    address: *address,
                    ..absence(1)
                };
                presence.leave(&lobby, &nickname, Some(absence));
            }
            told();
            for (_, room, name) in &crowd {
                presence.exit(room);
                // Back, and gone for good.
                let nickname = named(name);
                presence.take(&lobby, &nickname, &secret(name)).unwrap();
                presence.leave(&lobby, &nickname, None);
            }
            told();
        });
        assert_eq!(presence.total(), 1);
        assert!(info.bytes_current < 2000, "{info:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_person_may_have_two_sockets() {
        let (presence, lobby) = lobby();
        let ann = named("Ann");
        presence.take(&lobby, &ann, &secret("a")).unwrap();
        presence.take(&lobby, &ann, &secret("a")).unwrap();
        presence.leave(&lobby, &ann, None);
        let refused = presence.take(&lobby, &ann, &secret("b"));
        assert_eq!(refused, Err(Refusal::InUse));
        presence.leave(&lobby, &ann, None);
        assert_eq!(presence.take(&lobby, &ann, &secret("b")), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_person_who_is_back_in_time_never_left() {
        let (presence, lobby) = lobby();
        let ann = named("Ann");
        presence.take(&lobby, &ann, &secret("a")).unwrap();
        assert_eq!(presence.news(&lobby), Some(list(&["Ann"], 1)));
        assert_eq!(presence.announcement(&lobby).as_deref(), Some("Ann joined"));
        presence.leave(&lobby, &ann, Some(absence(1)));
        tokio::time::advance(LINGER - Duration::from_secs(1)).await;
        assert_eq!(presence.news(&lobby), None, "not told yet");
        presence.take(&lobby, &ann, &secret("a")).unwrap();
        tokio::time::advance(LINGER).await;
        assert_eq!(presence.news(&lobby), None);
        assert_eq!(presence.announcement(&lobby), None);
        presence.take_changes();
        presence.leave(&lobby, &ann, Some(absence(1)));
        let due = presence.next_due().unwrap();
        tokio::time::advance(due - Instant::now()).await;
        assert!(presence.take_changes().contains(&lobby));
        assert_eq!(
            presence.news(&lobby),
            Some(list(&[], 2)),
            "gone for too long"
        );
        assert_eq!(presence.announcement(&lobby).as_deref(), Some("Ann left"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_nickname_is_kept_for_a_while_and_then_forgotten() {
        let (presence, lobby) = lobby();
        let ann = named("Ann");
        presence.take(&lobby, &ann, &secret("a")).unwrap();
        presence.leave(&lobby, &ann, Some(absence(1)));
        tokio::time::advance(KEPT - Duration::from_secs(1)).await;
        let refused = presence.take(&lobby, &ann, &secret("b"));
        assert_eq!(refused, Err(Refusal::InUse));
        tokio::time::advance(Duration::from_secs(2)).await;
        presence.take_changes();
        presence.news(&lobby);
        presence.announcement(&lobby);
        let rooms = presence.lock();
        assert!(
            rooms.by_slug.is_empty() && rooms.due.is_empty() && rooms.away.is_empty()
        );
    }

    /// Ghosts of one address fill no room.
    #[tokio::test(start_paused = true)]
    async fn an_address_has_few_seats_for_people_who_are_away() {
        let (presence, lobby) = lobby();
        for name in ["one", "two", "three"] {
            presence.take(&lobby, &named(name), &secret(name)).unwrap();
            presence.leave(&lobby, &named(name), Some(absence(2)));
        }
        assert_eq!(presence.online(&lobby).0, ["one", "two"]);
        presence
            .take(&lobby, &named("one"), &secret("one"))
            .unwrap();
        presence
            .take(&lobby, &named("three"), &secret("x"))
            .unwrap();
        presence.leave(&lobby, &named("three"), Some(absence(2)));
        assert_eq!(presence.online(&lobby).0, ["one", "three", "two"]);
    }

    #[tokio::test(start_paused = true)]
    async fn many_changes_are_one_and_an_undone_change_is_none() {
        let (presence, lobby) = lobby();
        for name in ["bob", "Ann", "Cy"] {
            presence.take(&lobby, &named(name), &secret(name)).unwrap();
        }
        presence.leave(&lobby, &named("Cy"), None);
        presence.changed().await;
        assert_eq!(presence.take_changes(), BTreeSet::from([lobby.clone()]));
        assert_eq!(presence.news(&lobby), Some(list(&["Ann", "bob"], 1)));
        let said = presence.announcement(&lobby);
        assert_eq!(said.as_deref(), Some("Ann and bob joined"));
        presence.take(&lobby, &named("Cy"), &secret("c")).unwrap();
        presence.leave(&lobby, &named("Cy"), None);
        assert_eq!(presence.news(&lobby), None);
        assert_eq!(presence.announcement(&lobby), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_name_is_the_same_person() {
        let (presence, lobby) = lobby();
        let (ann, anna) = (named("Ann"), named("Anna"));
        presence.take(&lobby, &ann, &secret("a")).unwrap();
        presence.news(&lobby);
        presence.announcement(&lobby);
        presence.rename(&lobby, &ann, &anna, &secret("a")).unwrap();
        assert_eq!(presence.news(&lobby), Some(list(&["Anna"], 2)));
        let said = presence.announcement(&lobby);
        assert_eq!(said.as_deref(), Some("Ann is now Anna"));
        assert_eq!(
            presence.take(&lobby, &ann, &secret("b")),
            Ok(()),
            "free again"
        );
        let taken = presence.rename(&lobby, &anna, &ann, &secret("a"));
        assert_eq!(taken, Err(Refusal::InUse));
        let louder = named("ANNA");
        presence
            .rename(&lobby, &anna, &louder, &secret("a"))
            .unwrap();
        assert_eq!(presence.online(&lobby).0, ["Ann", "ANNA"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_room_is_told_what_has_changed() {
        let (presence, lobby) = lobby();
        for number in 0..=MAX_LISTED {
            let name = number.to_string();
            presence
                .take(&lobby, &named(&name), &secret(&name))
                .unwrap();
        }
        presence.news(&lobby);
        let said = presence.announcement(&lobby).unwrap();
        assert_eq!(said, "0, 1, 10 and 48 more joined");
        presence.take(&lobby, &named("Ann"), &secret("a")).unwrap();
        presence.leave(&lobby, &named("7"), None);
        presence
            .rename(&lobby, &named("8"), &named("eight"), &secret("8"))
            .unwrap();
        let change = Change {
            number: 2,
            joined: vec!["Ann".into()],
            left: vec!["7".into()],
            renamed: vec![("8".into(), "eight".into())],
        };
        assert_eq!(presence.news(&lobby), Some(News::Change(change)));
        let said = presence.announcement(&lobby).unwrap();
        assert_eq!(said, "8 is now eight, Ann joined, 7 left");
    }

    #[tokio::test(start_paused = true)]
    async fn a_room_has_an_end_and_the_absent_give_way() {
        let (presence, lobby) = lobby();
        for number in 0..MAX_PEOPLE {
            let crowd = named(&format!("crowd {number}"));
            presence.take(&lobby, &crowd, &secret("crowd")).unwrap();
        }
        let ann = named("Ann");
        let refused = presence.take(&lobby, &ann, &secret("a"));
        assert_eq!(refused, Err(Refusal::Full));
        presence.leave(&lobby, &named("crowd 7"), Some(absence(1)));
        assert_eq!(presence.take(&lobby, &ann, &secret("a")), Ok(()));
        let refused = presence.take(&lobby, &named("Bob"), &secret("b"));
        assert_eq!(refused, Err(Refusal::Full));
    }
}
