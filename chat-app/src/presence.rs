//! Who is in which room under which nickname.
//!
//! A nickname belongs to a person, not to a connection. Somebody who reloads the page, or
//! walks out of the Wi-Fi, is back on a new connection while the server may believe in
//! the old one until a heartbeat is missed, most of a minute later. "Nickname already in
//! use" would be the wrong answer then: it is in use by the same person.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::names::Nickname;

/// The most people in a room: the list of their nicknames has to fit into what may wait
/// for one reader.
pub const MAX_PEOPLE: usize = 2000;

/// By what the server knows a person again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Person {
    /// A secret that the page made up and sends with each connection.
    Secret(Arc<str>),
    /// Without a secret, a person is one socket: its id.
    Socket(Arc<str>),
}

/// Why a nickname was not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody else has it.
    #[error("Nickname already in use")]
    InUse,
    /// There are [`MAX_PEOPLE`] already.
    #[error("The room is full")]
    Full,
}

/// The nicknames of all rooms.
#[derive(Default)]
pub struct Presence {
    rooms: Mutex<Rooms>,
    changed: Notify,
}

#[derive(Default)]
struct Rooms {
    /// By room, then by [`Nickname::key`].
    holders: HashMap<Arc<str>, HashMap<String, Holder>>,
    /// The rooms whose people have not been told yet who is there.
    changed: HashSet<Arc<str>>,
}

struct Holder {
    person: Person,
    shown: String,
    /// Connections under this nickname; somebody without one is away.
    sockets: usize,
    /// For somebody away: how long the nickname is kept.
    until: Instant,
}

impl Holder {
    fn is_gone(&self, now: Instant) -> bool {
        self.sockets == 0 && self.until <= now
    }
}

impl Presence {
    /// Gives the nickname to the person, for one more socket. True when the person was
    /// not in the room under this nickname before.
    ///
    /// # Errors
    /// [`Refusal`]; then nothing changed.
    pub fn take(
        &self,
        room: &Arc<str>,
        nickname: &Nickname,
        person: &Person,
    ) -> Result<bool, Refusal> {
        let now = Instant::now();
        let mut rooms = self.lock();
        let holders = rooms.holders.entry(room.clone()).or_default();
        holders.retain(|_, holder| !holder.is_gone(now));
        let full = holders.len() >= MAX_PEOPLE;
        let came = match holders.get_mut(&nickname.key) {
            Some(holder) if holder.person != *person => return Err(Refusal::InUse),
            Some(holder) => {
                holder.sockets += 1;
                holder.shown.clone_from(&nickname.shown);
                holder.sockets == 1
            }
            None if full => return Err(Refusal::Full),
            None => {
                let (person, shown) = (person.clone(), nickname.shown.clone());
                holders.insert(
                    nickname.key.clone(),
                    Holder {
                        person,
                        shown,
                        sockets: 1,
                        until: now,
                    },
                );
                true
            }
        };
        self.mark(&mut rooms, room);
        Ok(came)
    }

    /// Takes back what [`Presence::take`] gave to one socket, and keeps the nickname for
    /// its person a while longer. True when that was the person's last socket.
    pub fn leave(&self, room: &Arc<str>, nickname: &Nickname, keep: Duration) -> bool {
        let now = Instant::now();
        let mut rooms = self.lock();
        let Some(holders) = rooms.holders.get_mut(room) else {
            return false;
        };
        let Some(holder) = holders.get_mut(&nickname.key) else {
            return false;
        };
        holder.sockets = holder.sockets.saturating_sub(1);
        holder.until = now + keep;
        let went = holder.sockets == 0;
        holders.retain(|_, holder| !holder.is_gone(now));
        if holders.is_empty() {
            rooms.holders.remove(room);
        }
        self.mark(&mut rooms, room);
        went
    }

    /// Waits until something has changed since [`Presence::take_changes`].
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The rooms that have changed since the last call.
    pub fn take_changes(&self) -> HashSet<Arc<str>> {
        std::mem::take(&mut self.lock().changed)
    }

    /// The nicknames of everybody in the room who is not away, sorted.
    pub fn online(&self, room: &str) -> Vec<String> {
        self.lock().online(room)
    }

    fn mark(&self, rooms: &mut Rooms, room: &Arc<str>) {
        rooms.changed.insert(room.clone());
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Rooms> {
        // Each change is whole before anything can panic, so a poisoned lock still guards
        // good data.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rooms {
    fn online(&self, room: &str) -> Vec<String> {
        let here = self
            .holders
            .get(room)
            .into_iter()
            .flatten()
            .filter(|(_, holder)| holder.sockets > 0);
        let mut here: Vec<_> = here.collect();
        here.sort_unstable_by_key(|(key, _)| *key);
        here.into_iter()
            .map(|(_, holder)| holder.shown.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: Duration = Duration::from_mins(2);

    fn named(name: &str) -> Nickname {
        Nickname::new(name).unwrap()
    }

    fn secret(secret: &str) -> Person {
        Person::Secret(secret.into())
    }

    #[tokio::test(start_paused = true)]
    async fn a_nickname_has_one_holder_in_a_room() {
        let (presence, lobby, attic) =
            (Presence::default(), "lobby".into(), "attic".into());
        assert_eq!(presence.take(&lobby, &named("Ann"), &secret("a")), Ok(true));
        assert_eq!(
            presence.take(&lobby, &named("ANN"), &secret("b")),
            Err(Refusal::InUse)
        );
        assert_eq!(
            presence.take(&attic, &named("Ann"), &secret("b")),
            Ok(true),
            "rooms are apart"
        );
        let same_word = Person::Socket("a".into());
        assert_eq!(
            presence.take(&lobby, &named("Ann"), &same_word),
            Err(Refusal::InUse),
            "an id is no secret"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_person_may_have_two_sockets() {
        let (presence, lobby) = (Presence::default(), "lobby".into());
        assert_eq!(presence.take(&lobby, &named("Ann"), &secret("a")), Ok(true));
        assert_eq!(
            presence.take(&lobby, &named("Ann"), &secret("a")),
            Ok(false)
        );
        assert!(!presence.leave(&lobby, &named("Ann"), Duration::ZERO));
        assert_eq!(
            presence.take(&lobby, &named("Ann"), &secret("b")),
            Err(Refusal::InUse)
        );
        assert!(presence.leave(&lobby, &named("Ann"), Duration::ZERO));
        assert_eq!(presence.take(&lobby, &named("Ann"), &secret("b")), Ok(true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_nickname_is_kept_for_a_while() {
        let (presence, lobby) = (Presence::default(), "lobby".into());
        presence.take(&lobby, &named("Ann"), &secret("a")).unwrap();
        assert!(presence.leave(&lobby, &named("Ann"), KEPT));
        tokio::time::advance(Duration::from_secs(119)).await;
        assert_eq!(
            presence.take(&lobby, &named("Ann"), &secret("b")),
            Err(Refusal::InUse)
        );
        assert_eq!(
            presence.take(&lobby, &named("Ann"), &secret("a")),
            Ok(true),
            "Ann came back"
        );
        assert!(presence.leave(&lobby, &named("Ann"), KEPT));
        tokio::time::advance(KEPT).await;
        assert_eq!(presence.take(&lobby, &named("Ann"), &secret("b")), Ok(true));
    }

    #[tokio::test(start_paused = true)]
    async fn many_changes_of_a_room_are_one() {
        let (presence, lobby) = (Presence::default(), Arc::<str>::from("lobby"));
        presence.take(&lobby, &named("bob"), &secret("b")).unwrap();
        presence.take(&lobby, &named("Ann"), &secret("a")).unwrap();
        presence.take(&lobby, &named("Cy"), &secret("c")).unwrap();
        presence.leave(&lobby, &named("Cy"), KEPT);
        presence.changed().await;
        assert_eq!(presence.take_changes(), HashSet::from([lobby.clone()]));
        assert_eq!(presence.online(&lobby), ["Ann", "bob"], "Cy is away");
        assert!(presence.take_changes().is_empty());
        presence.leave(&lobby, &named("bob"), Duration::ZERO);
        presence.changed().await;
        assert_eq!(presence.take_changes(), HashSet::from([lobby.clone()]));
        assert_eq!(presence.online(&lobby), ["Ann"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_room_has_an_end() {
        let (presence, lobby) = (Presence::default(), "lobby".into());
        for number in 0..MAX_PEOPLE {
            presence
                .take(&lobby, &named(&number.to_string()), &secret("crowd"))
                .unwrap();
        }
        assert_eq!(
            presence.take(&lobby, &named("Ann"), &secret("a")),
            Err(Refusal::Full)
        );
        presence.leave(&lobby, &named("7"), Duration::ZERO);
        assert_eq!(presence.take(&lobby, &named("Ann"), &secret("a")), Ok(true));
    }
}
