//! The log of a [`MemoryBus`](super::MemoryBus): each follower keeps its place, and reads
//! from there.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::Instant;

use super::BusError;
use super::log::{Entries, Entry, EntryId, Followed, Follower, Log};
use super::memory::{Connection, Shared};

/// Entries that a cut connection can leave waiting, as the queue of `RedisStreams`.
const MAX_WAITING: usize = 16_384;

pub(super) struct MemoryLog {
    entries: VecDeque<(EntryId, Arc<Entry>)>,
    last: EntryId,
    /// Beyond it, the oldest entries are dropped.
    most: usize,
    kept: BTreeMap<String, (Instant, Bytes)>,
    changed: watch::Sender<()>,
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            last: EntryId::default(),
            most: 10_000,
            kept: BTreeMap::new(),
            changed: watch::Sender::new(()),
        }
    }
}

impl MemoryLog {
    pub(super) fn append(&mut self, entry: Entry) {
        self.last = EntryId {
            millis: self.last.millis + 1,
            number: 0,
        };
        self.entries.push_back((self.last, Arc::new(entry)));
        self.trim(self.most);
        self.changed.send_replace(());
    }

    pub(super) fn trim(&mut self, most: usize) {
        let over = self.entries.len().saturating_sub(most);
        self.entries.drain(..over);
    }

    fn from(&self, id: EntryId) -> impl Iterator<Item = &(EntryId, Arc<Entry>)> {
        let start = self.entries.partition_point(|(other, _)| *other < id);
        self.entries.range(start..)
    }
}

impl Log for Connection {
    fn append(&self, entry: Entry) -> Result<(), BusError> {
        // In this order, as in `mend`: what waits comes first.
        let mut state = self.bus.lock();
        let mut waiting = self.line.waiting();
        if self.line.is_up() {
            state.log.append(entry);
            return Ok(());
        }
        if waiting.len() >= MAX_WAITING {
            return Err(BusError::Full);
        }
        waiting.push(entry);
        Ok(())
    }

    fn follow(&self) -> Follower {
        let state = self.bus.lock();
        let reading = Reading {
            bus: Arc::downgrade(&self.bus),
            up: self.line.up.subscribe(),
            was_up: true,
            changed: state.log.changed.subscribe(),
            place: None,
            start: state.log.last,
        };
        Follower::new(stream::unfold(reading, |mut reading| async {
            Some((reading.next().await?, reading))
        }))
    }

    fn read(
        &self,
        from: EntryId,
        most: usize,
    ) -> BoxFuture<'_, Result<Entries, BusError>> {
        let entries = if self.line.is_up() {
            let state = self.bus.lock();
            Ok(state.log.from(from).take(most).cloned().collect())
        } else {
            Err(BusError::Away)
        };
        ready(entries).boxed()
    }

    fn keep(&self, key: &str, value: Bytes, period: Duration) -> Result<(), BusError> {
        if !self.line.is_up() {
            return Err(BusError::Away);
        }
        let mut state = self.bus.lock();
        let now = Instant::now();
        state.log.kept.retain(|_, (until, _)| *until > now);
        state.log.kept.insert(key.to_owned(), (now + period, value));
        Ok(())
    }

    fn take(&self, key: &str) -> BoxFuture<'_, Result<Option<Bytes>, BusError>> {
        let value = if self.line.is_up() {
            let kept = self.bus.lock().log.kept.remove(key);
            let kept = kept.filter(|(until, _)| *until > Instant::now());
            Ok(kept.map(|(_, value)| value))
        } else {
            Err(BusError::Away)
        };
        ready(value).boxed()
    }
}

/// The state of a follower.
struct Reading {
    bus: std::sync::Weak<Shared>,
    up: watch::Receiver<bool>,
    was_up: bool,
    changed: watch::Receiver<()>,
    /// The last entry that was read.
    place: Option<EntryId>,
    start: EntryId,
}

impl Reading {
    async fn next(&mut self) -> Option<Followed> {
        loop {
            let is_up = *self.up.borrow_and_update();
            self.changed.mark_unchanged();
            let Some(place) = self.place else {
                self.place = Some(self.start);
                return Some(Followed::At(self.start));
            };
            if is_up != self.was_up {
                self.was_up = is_up;
                return Some(if is_up {
                    Followed::Back
                } else {
                    Followed::Away
                });
            }
            if is_up {
                let bus = self.bus.upgrade()?;
                let next = bus.lock().log.from(place.next()).next().cloned();
                if let Some((id, entry)) = next {
                    self.place = Some(id);
                    return Some(Followed::Entry(id, entry));
                }
            }
            tokio::select! {
                changed = self.up.changed() => changed.ok()?,
                changed = self.changed.changed() => changed.ok()?,
            }
        }
    }
}
