//! The readers of one log, and the limits on them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::{Event, Log, Missed};

/// Limits of a server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Events kept for clients that reconnect. Default 10,000.
    pub history: usize,
    /// Clients connected at once; further ones get status 503. Default 1,000.
    pub readers: usize,
    /// How long a poll waits for an event, below the minute after which many proxies
    /// close a connection. Default 25 s.
    pub poll_wait: Duration,
    /// How long a write can make no progress before the connection is closed. Default
    /// 10 s.
    pub patience: Duration,
    /// Bytes in one message from a client. Default 4096.
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

/// Counts of connections that the server had to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Endings {
    /// Readers that fell behind the log and were notified.
    pub missed: u64,
    /// Connections whose writes made no progress for [`Limits::patience`].
    pub stalled: u64,
}

/// Events per step, so that a reader that is far behind does not hold up the others.
const BATCH: usize = 64;

/// The log and its readers. Clones share one hub.
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
    /// Creates a hub without events.
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Inner {
            log: Mutex::new(Log::new(limits.history)),
            last: watch::Sender::new(0),
            places: Arc::new(Semaphore::new(limits.readers)),
            limits,
            endings: Mutex::default(),
        }))
    }

    /// Publishes an event to all readers and returns its number.
    pub fn publish(&self, data: &str) -> u64 {
        let at = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_micros();
        let id = lock(&self.0.log).push(u64::try_from(at).unwrap_or(u64::MAX), data);
        self.0.last.send_modify(|last| *last = (*last).max(id));
        id
    }

    /// Returns a reader of the events after number `after`, or of those from now on.
    /// Returns `None` if [`Limits::readers`] are connected; dropping a reader makes room
    /// for another.
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

    /// Returns the number of readers.
    pub fn readers(&self) -> usize {
        self.0.limits.readers - self.0.places.available_permits()
    }

    /// Returns how many connections the server had to end so far.
    pub fn endings(&self) -> Endings {
        *lock(&self.0.endings)
    }

    /// Returns the hub's limits.
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

/// A client's position in the log.
#[derive(Debug)]
pub struct Reader {
    hub: Hub,
    news: watch::Receiver<u64>,
    after: u64,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    // ANCHOR: next
    /// Waits for the next events. Cancel-safe: dropping this future while it waits loses
    /// no events.
    ///
    /// # Errors
    /// Returns [`Missed`] if the log no longer keeps the event that this reader needs
    /// next.
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
            // Fails only if the hub has been dropped, and this reader holds it.
            let _ = self.news.changed().await;
        }
    }
    // ANCHOR_END: next
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_cancelled_wait_loses_no_event() {
        let hub = Hub::new(Limits::default());
        let mut reader = hub.reader(None).unwrap();
        for data in ["a", "b", "c"] {
            // Polled once, and dropped while it waits.
            assert!(timeout(Duration::ZERO, reader.next()).await.is_err());
            hub.publish(data);
            let next = timeout(Duration::from_secs(30), reader.next()).await;
            let events = next.expect("the event is there").unwrap();
            let texts: Vec<&str> = events.iter().map(|event| &*event.data).collect();
            assert_eq!(texts, [data]);
        }
    }

    #[tokio::test]
    async fn a_waiting_reader_is_woken() {
        let hub = Hub::new(Limits::default());
        let mut reader = hub.reader(None).unwrap();
        let waits = tokio::spawn(async move { reader.next().await });
        // The task runs, looks into the empty log, and waits.
        tokio::task::yield_now().await;
        hub.publish("a");
        let next = timeout(Duration::from_secs(30), waits).await;
        let events = next.expect("the reader is woken").unwrap().unwrap();
        assert_eq!(events.len(), 1);
    }
}
