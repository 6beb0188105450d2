//! Who listens: readers of one log, at most so many at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::{Event, Log, Missed};

/// What a server takes on.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Events that are kept for those who come back. Default 10,000.
    pub history: usize,
    /// Clients that listen at once; one more gets status 503. Default 1,000.
    pub readers: usize,
    /// How long a poll waits for an event. Below the minute after which proxies hang up.
    /// Default 25 s.
    pub poll_wait: Duration,
    /// How long a client may leave no room for what it is sent. Default 10 s.
    pub patience: Duration,
    /// Bytes that a client may send at once. Default 4096.
    pub upstream: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            history: 10_000,
            readers: 1_000,
            poll_wait: Duration::from_secs(25),
            patience: Duration::from_secs(10),
            upstream: 4096,
        }
    }
}

/// How connections ended, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Endings {
    /// The reader fell behind what the log keeps, and was told so.
    pub missed: u64,
    /// The client took nothing for as long as the server's patience.
    pub stalled: u64,
}

/// Events per step: a reader that is far behind gets them in portions, and others their
/// turn.
const BATCH: usize = 64;

/// The log and its readers. A clone is the same hub.
#[derive(Clone, Debug)]
pub struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    log: Mutex<Log>,
    last: watch::Sender<u64>,
    places: Arc<Semaphore>,
    limits: Limits,
    endings: Mutex<Endings>,
}

impl Hub {
    /// A hub without events.
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Inner {
            log: Mutex::new(Log::new(limits.history)),
            last: watch::Sender::new(0),
            places: Arc::new(Semaphore::new(limits.readers)),
            limits,
            endings: Mutex::default(),
        }))
    }

    /// Publishes an event to everybody. Returns its number.
    pub fn publish(&self, data: &str) -> u64 {
        let at = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_micros();
        let id = lock(&self.0.log).push(u64::try_from(at).unwrap_or(u64::MAX), data);
        self.0.last.send_modify(|last| *last = (*last).max(id));
        id
    }

    /// A reader of what comes behind event `after`, or of what comes from now on. `None`
    /// when all places are taken; dropping a reader gives its place back.
    pub fn reader(&self, after: Option<u64>) -> Option<Reader> {
        let place = self.0.places.clone().try_acquire_owned().ok()?;
        let after = after.unwrap_or_else(|| lock(&self.0.log).last());
        Some(Reader {
            hub: self.clone(),
            news: self.0.last.subscribe(),
            after,
            _place: place,
        })
    }

    /// How many listen now.
    pub fn readers(&self) -> usize {
        self.0.limits.readers - self.0.places.available_permits()
    }

    /// How connections have ended so far, where there was something to say about it.
    pub fn endings(&self) -> Endings {
        *lock(&self.0.endings)
    }

    /// What this hub takes on.
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    pub(crate) fn count(&self, count: impl FnOnce(&mut Endings)) {
        count(&mut lock(&self.0.endings));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One client's place in the log.
#[derive(Debug)]
pub struct Reader {
    hub: Hub,
    news: watch::Receiver<u64>,
    after: u64,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    // ANCHOR: next
    /// Waits for the next events. May be dropped while it waits: nothing is lost by that.
    ///
    /// # Errors
    /// [`Missed`] when the reader was so slow that the log has let go of what comes next.
    pub async fn next(&mut self) -> Result<Vec<Arc<Event>>, Missed> {
        loop {
            self.news.borrow_and_update();
            let events = lock(&self.hub.0.log).after(self.after, BATCH);
            let events =
                events.inspect_err(|_| self.hub.count(|endings| endings.missed += 1))?;
            if let Some(last) = events.last() {
                self.after = last.id;
                return Ok(events);
            }
            // Fails only when the hub is gone, and we hold the hub.
            let _ = self.news.changed().await;
        }
    }
    // ANCHOR_END: next
}
