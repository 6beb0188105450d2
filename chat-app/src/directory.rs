//! The rooms of the chat, in memory: every page lists them, and anyone may ask for a page.
//!
//! The store's writer changes this list when a change of the database is committed, in
//! the order of the commits, so the list and the database do not disagree for long, and
//! after a restart they do not disagree at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::Notify;

use crate::names::Room;

/// How much of a room's latest message the list shows, in characters.
const PREVIEW: usize = 120;

/// A room's latest message, as the list of rooms shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Last {
    /// The nickname of its author.
    pub nickname: String,
    /// Its first line, or the beginning of that.
    pub text: String,
    /// When it was stored, in milliseconds since 1970.
    pub time: i64,
}

impl Last {
    /// The message as the list shows it.
    pub fn new(nickname: &str, text: &str, time: i64) -> Self {
        let line = text.trim().lines().next().unwrap_or_default();
        Self {
            nickname: nickname.to_owned(),
            text: line.chars().take(PREVIEW).collect(),
            time,
        }
    }
}

/// A room and what is known about it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The room.
    pub room: Room,
    /// Its latest message, if there is one.
    pub last: Option<Last>,
    /// Stands for the address that made it, since the program started.
    made_by: Option<u64>,
    /// When a client last came in.
    entered: Instant,
    /// The writer is about to delete it.
    going: bool,
}

impl Entry {
    /// A room as the database has it.
    pub fn new(room: Room, last: Option<Last>) -> Self {
        Self {
            room,
            last,
            made_by: None,
            entered: Instant::now(),
            going: false,
        }
    }
}

/// The list of rooms.
#[derive(Default)]
pub struct Directory {
    rooms: Mutex<Rooms>,
    changed: Notify,
}

#[derive(Default)]
struct Rooms {
    by_slug: BTreeMap<Arc<str>, Entry>,
    /// Rooms that have changed, or are gone, since [`Directory::take_changes`].
    changed: BTreeSet<Arc<str>>,
    /// Rooms with a new message since [`Directory::take_grown`].
    grown: BTreeSet<Arc<str>>,
}

impl Directory {
    /// The list at the start.
    pub fn new(rooms: Vec<Entry>) -> Self {
        let keyed = |entry: Entry| (Arc::from(entry.room.slug.as_str()), entry);
        let by_slug: BTreeMap<Arc<str>, Entry> = rooms.into_iter().map(keyed).collect();
        let grown = by_slug.keys().cloned().collect();
        let rooms = Rooms {
            by_slug,
            grown,
            ..Rooms::default()
        };
        Self {
            rooms: Mutex::new(rooms),
            changed: Notify::new(),
        }
    }

    /// All rooms, by name.
    pub fn all(&self) -> Vec<Entry> {
        let mut rooms: Vec<_> = self.lock().by_slug.values().cloned().collect();
        rooms.sort_by_cached_key(|entry| entry.room.name.to_lowercase());
        rooms
    }

    /// The room at this address, if there is one.
    pub fn room(&self, slug: &str) -> Option<Entry> {
        self.lock().by_slug.get(slug).cloned()
    }

    /// How many rooms there are.
    pub fn count(&self) -> usize {
        self.lock().by_slug.len()
    }

    /// Something about a room has changed that this list does not know: who is there.
    pub fn touch(&self, room: &Arc<str>) {
        self.change(|rooms| {
            rooms.changed.insert(room.clone());
        });
    }

    /// Waits until something has changed since [`Directory::take_changes`].
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The rooms that have changed since the last call, up to `at_most` of them: `None`
    /// for a room that is gone.
    pub fn take_changes(&self, at_most: usize) -> Vec<(Arc<str>, Option<Entry>)> {
        let mut rooms = self.lock();
        let mut taken = Vec::new();
        while taken.len() < at_most
            && let Some(slug) = rooms.changed.pop_first()
        {
            let entry = rooms.by_slug.get(&slug).cloned();
            taken.push((slug, entry));
        }
        if !rooms.changed.is_empty() {
            self.changed.notify_one();
        }
        taken
    }

    /// A client comes into a room. Returns `None` if the database has to be asked.
    pub(crate) fn enter(&self, slug: &str) -> Option<Room> {
        let mut rooms = self.lock();
        let entry = rooms.by_slug.get_mut(slug).filter(|entry| !entry.going)?;
        entry.entered = Instant::now();
        Some(entry.room.clone())
    }

    /// As [`Directory::enter`], but only for a room in which something was said.
    pub(crate) fn enter_spoken(&self, slug: &str) -> Option<Room> {
        let spoken = self.room(slug).is_some_and(|entry| entry.last.is_some());
        if spoken { self.enter(slug) } else { None }
    }

    /// The rooms' slugs.
    pub(crate) fn slugs(&self) -> Vec<String> {
        let rooms = self.lock();
        rooms
            .by_slug
            .keys()
            .map(std::string::ToString::to_string)
            .collect()
    }

    /// Rooms as the database has them now, which another program may have changed. What is
    /// known already stays, if it is newer.
    pub(crate) fn learn(&self, entries: Vec<Entry>) {
        let mut rooms = self.lock();
        let mut news = false;
        for entry in entries {
            let slug: Arc<str> = entry.room.slug.as_str().into();
            let known = rooms.by_slug.entry(slug.clone());
            let new = matches!(known, std::collections::btree_map::Entry::Vacant(_));
            let known = known.or_insert_with(|| Entry::new(entry.room, None));
            let newer = match (&known.last, &entry.last) {
                (Some(old), Some(last)) => old != last && old.time <= last.time,
                (None, last) => last.is_some(),
                (Some(_), None) => true,
            };
            if newer {
                let spoken = entry.last.is_some();
                known.last = entry.last;
                if spoken {
                    rooms.grown.insert(slug.clone());
                }
            }
            if new || newer {
                rooms.changed.insert(slug);
                news = true;
            }
        }
        drop(rooms);
        if news {
            self.changed.notify_one();
        }
    }

    /// How many rooms this address has made.
    pub(crate) fn made_by(&self, address: u64) -> usize {
        let rooms = self.lock();
        let made = rooms.by_slug.values();
        made.filter(|entry| entry.made_by == Some(address)).count()
    }

    pub(crate) fn add(&self, room: &Room, made_by: Option<u64>) {
        let slug: Arc<str> = room.slug.as_str().into();
        self.change(|rooms| {
            let entry = rooms.by_slug.entry(slug.clone()).or_insert_with(|| Entry {
                made_by,
                ..Entry::new(room.clone(), None)
            });
            entry.entered = Instant::now();
            entry.going = false;
            rooms.changed.insert(slug);
        });
    }

    pub(crate) fn spoken(&self, room: &Arc<str>, last: Last) {
        self.change(|rooms| {
            if let Some(entry) = rooms.by_slug.get_mut(room) {
                entry.last = Some(last);
            }
            rooms.changed.insert(room.clone());
            rooms.grown.insert(room.clone());
        });
    }

    /// All messages of these rooms were deleted.
    pub(crate) fn emptied(&self, rooms: &BTreeSet<String>) {
        self.change(|state| {
            for slug in rooms {
                if let Some(entry) = state.by_slug.get_mut(slug.as_str()) {
                    entry.last = None;
                }
                state.changed.insert(slug.as_str().into());
            }
        });
    }

    /// The rooms with a new message since the last call.
    pub(crate) fn take_grown(&self) -> BTreeSet<Arc<str>> {
        std::mem::take(&mut self.lock().grown)
    }

    /// The rooms without a message and without people that were last entered this long
    /// ago. They are about to be deleted.
    pub(crate) fn take_silent(
        &self,
        occupied: &BTreeSet<Arc<str>>,
        patience: Duration,
    ) -> Vec<Arc<str>> {
        let mut rooms = self.lock();
        let silent = rooms.by_slug.iter_mut().filter(|(slug, entry)| {
            entry.last.is_none()
                && entry.entered.elapsed() >= patience
                && !occupied.contains(*slug)
        });
        silent
            .map(|(slug, entry)| {
                entry.going = true;
                slug.clone()
            })
            .collect()
    }

    /// These rooms were not deleted after all.
    pub(crate) fn stay(&self, rooms: &[Arc<str>]) {
        let mut state = self.lock();
        for slug in rooms {
            if let Some(entry) = state.by_slug.get_mut(slug) {
                entry.going = false;
            }
        }
    }

    pub(crate) fn remove(&self, rooms: &[Arc<str>]) {
        self.change(|state| {
            for slug in rooms {
                state.by_slug.remove(slug);
                state.grown.remove(slug);
                state.changed.insert(slug.clone());
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Rooms)) {
        change(&mut self.lock());
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Rooms> {
        // Each change is whole before anything can panic, so a poisoned lock still guards
        // good data.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
