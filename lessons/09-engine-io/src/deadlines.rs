//! Many deadlines, one task.
//!
//! Ten thousand sessions each have a next heartbeat. A timer each would do, but a timer
//! costs memory in every idle session; a heap of deadlines and one task that sleeps until
//! the earliest cost 32 bytes a session. Entries are weak: a session that ended early is
//! skipped when its turn comes.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// Something that wants to be called at a time.
pub trait Expire: Send + Sync + 'static {
    /// The deadline has come. Returns when to come again, or `None` to be forgotten.
    fn on_deadline(self: &Arc<Self>, now: Instant) -> Option<Instant>;
}

/// The deadlines of many `T`, kept by one task that starts with the first of them and
/// ends with this value.
///
/// ```
/// use engine_io::{Deadlines, Expire};
/// use std::sync::{Arc, atomic::{AtomicUsize, Ordering}};
/// use tokio::{sync::Notify, time::Instant};
///
/// #[derive(Default)]
/// struct Bell(AtomicUsize, Notify);
///
/// impl Expire for Bell {
///     fn on_deadline(self: &Arc<Self>, now: Instant) -> Option<Instant> {
///         self.1.notify_one();
///         // Twice, and then no more.
///         (self.0.fetch_add(1, Ordering::Relaxed) == 0).then_some(now)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (deadlines, bell) = (Deadlines::new(), Arc::new(Bell::default()));
/// deadlines.insert(Instant::now(), &bell);
/// while bell.0.load(Ordering::Relaxed) < 2 {
///     bell.1.notified().await;
/// }
/// # }
/// ```
pub struct Deadlines<T: Expire> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    /// The earliest deadline changed, or the owner is gone.
    changed: Notify,
}

struct State<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    running: bool,
    closed: bool,
}

struct Entry<T> {
    at: Instant,
    item: Weak<T>,
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}
impl<T> Eq for Entry<T> {}
impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at)
    }
}

impl<T: Expire> Default for Deadlines<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Expire> Deadlines<T> {
    /// No deadlines yet.
    pub fn new() -> Self {
        let state = State {
            heap: BinaryHeap::new(),
            running: false,
            closed: false,
        };
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                changed: Notify::new(),
            }),
        }
    }

    /// Calls `item` at `at`, if it still lives then.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn insert(&self, at: Instant, item: &Arc<T>) {
        let mut state = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let earliest = state.heap.peek().is_none_or(|Reverse(first)| at < first.at);
        state.heap.push(Reverse(Entry {
            at,
            item: Arc::downgrade(item),
        }));
        if !state.running {
            state.running = true;
            tokio::spawn(run(self.shared.clone()));
        } else if earliest {
            self.shared.changed.notify_one();
        }
    }
}

impl<T: Expire> Drop for Deadlines<T> {
    fn drop(&mut self) {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .closed = true;
        self.shared.changed.notify_one();
    }
}

async fn run<T: Expire>(shared: Arc<Shared<T>>) {
    let mut due = Vec::new();
    loop {
        let now = Instant::now();
        let next = {
            let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.closed {
                return;
            }
            while state
                .heap
                .peek()
                .is_some_and(|Reverse(first)| first.at <= now)
            {
                if let Some(Reverse(entry)) = state.heap.pop() {
                    due.extend(entry.item.upgrade());
                }
            }
            state.heap.peek().map(|Reverse(first)| first.at)
        };
        if due.is_empty() {
            match next {
                Some(at) => tokio::select! {
                    () = sleep_until(at) => {}
                    () = shared.changed.notified() => {}
                },
                None => shared.changed.notified().await,
            }
            continue;
        }
        // Called without the lock: an item may insert another.
        let again: Vec<_> = due
            .drain(..)
            .filter_map(|item| Some((item.on_deadline(now)?, Arc::downgrade(&item))))
            .collect();
        let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.heap.extend(
            again
                .into_iter()
                .map(|(at, item)| Reverse(Entry { at, item })),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    struct Alarm {
        seen: Mutex<Vec<Duration>>,
        start: Instant,
        repeat: Option<Duration>,
        heard: Notify,
    }

    impl Expire for Alarm {
        fn on_deadline(self: &Arc<Self>, now: Instant) -> Option<Instant> {
            self.seen.lock().unwrap().push(now - self.start);
            self.heard.notify_one();
            self.repeat.map(|after| now + after)
        }
    }

    fn alarm(repeat: Option<Duration>) -> Arc<Alarm> {
        Arc::new(Alarm {
            seen: Mutex::default(),
            start: Instant::now(),
            repeat,
            heard: Notify::new(),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn deadlines_fire_in_order_whatever_the_order_of_insertion() {
        let deadlines = Deadlines::new();
        let late = alarm(None);
        let early = alarm(None);
        deadlines.insert(late.start + Duration::from_secs(9), &late);
        deadlines.insert(early.start + Duration::from_secs(3), &early);
        early.heard.notified().await;
        assert!(late.seen.lock().unwrap().is_empty());
        late.heard.notified().await;
        assert_eq!(early.seen.lock().unwrap()[0].as_secs(), 3);
        assert_eq!(late.seen.lock().unwrap()[0].as_secs(), 9);
    }

    #[tokio::test(start_paused = true)]
    async fn fifty_deadlines_each_fire_at_their_time() {
        let deadlines = Deadlines::new();
        // 37 and 50 have no divisor in common: each second once, in no order.
        let alarms: Vec<_> = (0..50)
            .map(|number| (number * 37 % 50 + 1, alarm(None)))
            .collect();
        for (second, alarm) in &alarms {
            deadlines.insert(alarm.start + Duration::from_secs(*second), alarm);
        }
        for (second, alarm) in &alarms {
            alarm.heard.notified().await;
            let seen = alarm.seen.lock().unwrap().clone();
            assert_eq!(
                seen.iter().map(Duration::as_secs).collect::<Vec<_>>(),
                [*second]
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_task_ends_with_its_owner() {
        let (deadlines, never) = (Deadlines::new(), alarm(None));
        deadlines.insert(never.start + Duration::from_secs(1_000_000), &never);
        tokio::task::yield_now().await;
        let shared = Arc::downgrade(&deadlines.shared);
        drop(deadlines);
        // Time stands still: only the end of its owner can wake it.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(
            shared.upgrade().is_none(),
            "the task holds on to what nobody owns"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_item_may_ask_to_be_called_again_and_a_dropped_one_is_not() {
        let deadlines = Deadlines::new();
        let twice = alarm(Some(Duration::from_secs(1)));
        let dropped = alarm(None);
        deadlines.insert(twice.start + Duration::from_secs(1), &twice);
        deadlines.insert(twice.start + Duration::from_secs(1), &dropped);
        drop(dropped);
        twice.heard.notified().await;
        twice.heard.notified().await;
        assert_eq!(twice.seen.lock().unwrap().len(), 2);
    }
}
