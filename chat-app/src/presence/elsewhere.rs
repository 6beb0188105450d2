//! The half of [`Presence`] that other servers see, and the people of those servers in it:
//! what a [`Cluster`](crate::cluster::Cluster) works with.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use tokio::time::Instant;

use super::{Holder, Person, Presence, Rooms, Seat, State};

impl Holder {
    /// What other servers are told of it.
    fn state(&self, now: Instant) -> Option<State> {
        if self.sockets > 0 {
            return Some(State::Connected);
        }
        let away = self.away.as_ref()?;
        if now < away.present {
            Some(State::Expected)
        } else {
            (now < away.kept).then_some(State::Kept)
        }
    }
}

impl Presence {
    /// Waits until something has changed that other servers may not know.
    pub(crate) async fn unpublished(&self) {
        self.unpublished.notified().await;
    }

    /// The rooms in which something has changed that other servers may not know.
    pub(crate) fn take_unpublished(&self) -> BTreeSet<Arc<str>> {
        std::mem::take(&mut self.lock().unpublished)
    }

    /// The other servers may know nothing of this one.
    pub(crate) fn publish_all(&self) {
        let mut rooms = self.lock();
        let all: Vec<_> = rooms.by_slug.keys().cloned().collect();
        rooms.unpublished.extend(all);
        self.unpublished.notify_one();
    }

    /// This server's seats in a room.
    pub(crate) fn seats(&self, room: &Arc<str>) -> Vec<Seat> {
        let (rooms, now) = (self.lock(), Instant::now());
        let Some(state) = rooms.by_slug.get(room) else {
            return Vec::new();
        };
        let seats = state.holders.iter().filter_map(|(key, holder)| {
            Some(Seat {
                room: room.clone(),
                key: key.clone(),
                person: holder.person.digest(),
                shown: holder.shown.clone(),
                state: holder.state(now)?,
            })
        });
        seats.collect()
    }

    /// The other servers that have people here.
    pub(crate) fn nodes(&self) -> Vec<Arc<str>> {
        self.lock().nodes.iter().cloned().collect()
    }

    /// Another server has changed one of its seats: `None` takes it away. `old` is the
    /// nickname that the same person had there before.
    pub(crate) fn apply(
        &self,
        node: &str,
        room: &Arc<str>,
        key: &str,
        old: Option<&str>,
        seat: Option<Seat>,
    ) {
        let now = Instant::now();
        let mut rooms = self.lock();
        let node: Arc<str> = node.into();
        if let Some(old) = old {
            rooms.rename_elsewhere(&node, room, old, key);
        }
        match seat {
            Some(seat) => rooms.seat_elsewhere(&node, seat),
            None => rooms.unseat_elsewhere(&node, room, key),
        }
        rooms.sweep(room, now);
        self.mark(&mut rooms, room);
    }

    /// All seats of another server.
    pub(crate) fn replace(&self, node: &str, seats: Vec<Seat>) {
        let now = Instant::now();
        let mut rooms = self.lock();
        let node: Arc<str> = node.into();
        let there: HashSet<_> = seats
            .iter()
            .map(|seat| (seat.room.clone(), seat.key.clone()))
            .collect();
        let mut gone = Vec::new();
        for (room, state) in &rooms.by_slug {
            for (key, holder) in &state.holders {
                let at = (room.clone(), key.clone());
                if holder.elsewhere.contains_key(&node) && !there.contains(&at) {
                    gone.push(at);
                }
            }
        }
        let changed = gone.iter().chain(&there).map(|(room, _)| room.clone());
        let changed: BTreeSet<_> = changed.collect();
        if seats.is_empty() {
            rooms.nodes.remove(&node);
        }
        for (room, key) in &gone {
            rooms.unseat_elsewhere(&node, room, key);
        }
        for seat in seats {
            rooms.seat_elsewhere(&node, seat);
        }
        for room in &changed {
            rooms.sweep(room, now);
            self.mark(&mut rooms, room);
        }
    }

    /// This server's person has lost the nickname to one of another server.
    pub(crate) fn evict(&self, room: &Arc<str>, key: &str) {
        let mut rooms = self.lock();
        rooms.evict(room, key);
        rooms.sweep(room, Instant::now());
        self.mark(&mut rooms, room);
    }
}

impl Rooms {
    /// A seat of another server.
    fn seat_elsewhere(&mut self, node: &Arc<str>, seat: Seat) {
        self.nodes.insert(node.clone());
        let person = Person::Elsewhere(seat.person);
        let room = self.by_slug.entry(seat.room.clone()).or_default();
        let holder = room.holders.get(&seat.key);
        if holder.is_some_and(|holder| !holder.person.is_same(&person)) {
            // What Redis has is what counts.
            self.evict(&seat.room, &seat.key);
            if let Some(room) = self.by_slug.get_mut(&seat.room) {
                room.holders.remove(&seat.key);
            }
        }
        let id = self.next;
        self.next += 1;
        let room = self.by_slug.entry(seat.room).or_default();
        let holder = room.holders.entry(seat.key).or_insert_with(|| Holder {
            id,
            person,
            shown: String::new(),
            sockets: 0,
            away: None,
            elsewhere: BTreeMap::new(),
        });
        if holder.sockets == 0 {
            holder.shown = seat.shown;
        }
        holder.elsewhere.insert(node.clone(), seat.state);
        // A person who is back on another server is not expected here.
        if seat.state == State::Connected
            && holder.sockets == 0
            && let Some(away) = holder.away.take()
        {
            self.is_back(away.address);
        }
    }

    fn unseat_elsewhere(&mut self, node: &Arc<str>, room: &Arc<str>, key: &str) {
        let holders = self.by_slug.get_mut(room).map(|room| &mut room.holders);
        if let Some(holder) = holders.and_then(|holders| holders.get_mut(key)) {
            holder.elsewhere.remove(node);
        }
    }

    /// The same person, under another nickname.
    fn rename_elsewhere(
        &mut self,
        node: &Arc<str>,
        room: &Arc<str>,
        old: &str,
        new: &str,
    ) {
        let Some(room) = self.by_slug.get_mut(room) else {
            return;
        };
        let Some(mut holder) = room.holders.remove(old) else {
            return;
        };
        let only = holder.sockets == 0 && holder.away.is_none();
        let only = only && holder.elsewhere.keys().eq([node]);
        if only && !room.holders.contains_key(new) {
            room.holders.insert(new.to_owned(), holder);
        } else {
            holder.elsewhere.remove(node);
            room.holders.insert(old.to_owned(), holder);
        }
    }

    /// Takes a nickname from this server's person.
    fn evict(&mut self, room: &Arc<str>, key: &str) {
        let holders = self.by_slug.get_mut(room).map(|room| &mut room.holders);
        let Some(holder) = holders.and_then(|holders| holders.get_mut(key)) else {
            return;
        };
        let away = holder.away.take();
        if std::mem::take(&mut holder.sockets) > 0 {
            self.evicted.push((room.clone(), key.to_owned()));
        }
        if let Some(away) = away {
            self.is_back(away.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::names::Nickname;
    use crate::presence::{Absence, News, Refusal};

    const LINGER: Duration = Duration::from_secs(10);
    const KEPT: Duration = Duration::from_secs(120);

    fn presence() -> (Presence, Arc<str>) {
        (Presence::new(true), "lobby".into())
    }

    fn named(name: &str) -> Nickname {
        Nickname::new(name).unwrap()
    }

    fn secret(secret: &str) -> Person {
        Person::Secret(secret.into())
    }

    fn absence() -> Absence {
        Absence {
            linger: LINGER,
            keep: KEPT,
            address: 7,
            at_most: 10,
        }
    }

    fn seat(name: &str, person: &str, state: State) -> Seat {
        let Nickname { key, shown } = named(name);
        Seat {
            room: "lobby".into(),
            key,
            person: secret(person).digest(),
            shown,
            state,
        }
    }

    fn states(presence: &Presence, room: &Arc<str>) -> Vec<State> {
        let seats = presence.seats(room);
        seats.into_iter().map(|seat| seat.state).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn people_of_other_servers_are_there() {
        let (presence, lobby) = presence();
        let ann = seat("Ann", "a", State::Connected);
        presence.replace("one", vec![ann, seat("Bob", "b", State::Kept)]);
        assert_eq!(presence.online(&lobby).0, ["Ann"]);
        assert_eq!(presence.announcement(&lobby).as_deref(), Some("Ann joined"));
        for name in ["Ann", "Bob"] {
            let refused = presence.take(&lobby, &named(name), &secret("x"));
            assert_eq!(refused, Err(Refusal::InUse), "{name}");
        }
        presence.take(&lobby, &named("Bob"), &secret("b")).unwrap();
        assert_eq!(presence.online(&lobby).0, ["Ann", "Bob"]);
        presence.replace("one", Vec::new());
        assert_eq!(presence.online(&lobby).0, ["Bob"], "that server is gone");
        assert!(presence.nodes().is_empty(), "and forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn a_person_on_two_servers_leaves_when_the_last_is_left() {
        let (presence, lobby) = presence();
        let ann = named("Ann");
        presence.take(&lobby, &ann, &secret("a")).unwrap();
        presence.apply(
            "one",
            &lobby,
            &ann.key,
            None,
            Some(seat("Ann", "a", State::Connected)),
        );
        presence.news(&lobby);
        presence.leave(&lobby, &ann, None);
        assert_eq!(presence.news(&lobby), None, "she is still there");
        assert_eq!(presence.seats(&lobby), [], "but not here");
        presence.apply(
            "one",
            &lobby,
            &ann.key,
            None,
            Some(seat("Ann", "a", State::Kept)),
        );
        assert_eq!(presence.news(&lobby), Some(News::List(Vec::new(), 2)));
        presence.apply("one", &lobby, &ann.key, None, None);
        assert_eq!(presence.take(&lobby, &ann, &secret("b")), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_renamed_person_is_the_same_one() {
        let (presence, lobby) = presence();
        presence.replace("one", vec![seat("Ann", "a", State::Connected)]);
        presence.announcement(&lobby);
        let (old, new) = (named("Ann").key, named("Anna").key);
        let anna = seat("Anna", "a", State::Connected);
        presence.apply("one", &lobby, &new, Some(&old), Some(anna));
        let said = presence.announcement(&lobby);
        assert_eq!(said.as_deref(), Some("Ann is now Anna"));
        assert_eq!(presence.take(&lobby, &named("Ann"), &secret("b")), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn others_are_told_who_is_away() {
        let (presence, lobby) = presence();
        let ann = named("Ann");
        presence.take(&lobby, &ann, &secret("a")).unwrap();
        assert_eq!(presence.take_unpublished(), BTreeSet::from([lobby.clone()]));
        assert_eq!(states(&presence, &lobby), [State::Connected]);
        presence.leave(&lobby, &ann, Some(absence()));
        assert_eq!(states(&presence, &lobby), [State::Expected]);
        presence.take_unpublished();
        tokio::time::advance(LINGER).await;
        presence.take_changes();
        assert_eq!(presence.take_unpublished(), BTreeSet::from([lobby.clone()]));
        assert_eq!(states(&presence, &lobby), [State::Kept]);
        tokio::time::advance(KEPT).await;
        presence.take_changes();
        assert_eq!(presence.take_unpublished(), BTreeSet::from([lobby.clone()]));
        assert_eq!(presence.seats(&lobby), []);
    }

    /// A person who was cut off here and is back on another server has no seat here that
    /// would have to be kept.
    #[tokio::test(start_paused = true)]
    async fn a_person_who_is_back_elsewhere_is_not_expected_here() {
        let (presence, lobby) = presence();
        let ann = named("Ann");
        presence.take(&lobby, &ann, &secret("a")).unwrap();
        presence.leave(&lobby, &ann, Some(absence()));
        let expected = seat("Ann", "a", State::Expected);
        presence.apply("one", &lobby, &ann.key, None, Some(expected));
        assert_eq!(states(&presence, &lobby), [State::Expected], "nor there");
        let back = seat("Ann", "a", State::Connected);
        presence.apply("one", &lobby, &ann.key, None, Some(back));
        assert_eq!(presence.seats(&lobby), []);
        assert!(presence.lock().away.is_empty());
        assert_eq!(presence.online(&lobby).0, ["Ann"]);
    }

    /// Two servers gave one nickname away while they did not know of each other.
    #[tokio::test(start_paused = true)]
    async fn the_seat_that_redis_has_wins() {
        let (presence, lobby) = presence();
        let ann = named("Ann");
        presence.take(&lobby, &ann, &secret("ours")).unwrap();
        presence.take(&lobby, &ann, &secret("ours")).unwrap();
        presence.replace("one", vec![seat("Ann", "theirs", State::Connected)]);
        assert_eq!(presence.take_evicted(), [(lobby.clone(), ann.key.clone())]);
        assert_eq!(presence.seats(&lobby), []);
        // The sockets that had it may leave before they are told.
        presence.leave(&lobby, &ann, Some(absence()));
        presence.leave(&lobby, &ann, Some(absence()));
        assert_eq!(presence.seats(&lobby), []);
        let refused = presence.take(&lobby, &ann, &secret("ours"));
        assert_eq!(refused, Err(Refusal::InUse));
        assert_eq!(presence.take(&lobby, &ann, &secret("theirs")), Ok(()));
    }
}
