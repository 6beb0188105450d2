//! Many deadlines, one task.
//!
//! Ten thousand sessions each have a next heartbeat. A timer for each would work, but it
//! costs memory in every idle session. A tree of deadlines in their order, and one task
//! that sleeps until the earliest, cost about 50 bytes per session. Entries are weak, and
//! an item that ends early removes its entry, so that nothing of it stays.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, Weak};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::sync::{Mutex, MutexGuard, sleep_until, spawn};

/// How many items are called before other tasks get their turn.
const AT_ONCE: usize = 64;

/// An item to be called at a certain time.
///
/// A panic in `on_deadline` is logged, and the item is forgotten. The others are called
/// as before.
///
/// ```
/// use engine_io::Expire;
/// use std::{sync::Arc, time::Duration};
/// use tokio::time::Instant;
///
/// struct Reminder(&'static str);
///
/// impl Expire for Reminder {
///     fn on_deadline(self: &Arc<Self>, now: Instant) -> Option<Instant> {
///         println!("{}", self.0);
///         Some(now + Duration::from_secs(60))
///     }
/// }
/// ```
pub trait Expire: Send + Sync + 'static {
    /// The deadline has been reached. Returns the next deadline, or `None` to stop.
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
    /// By time, then by the item's address: an item has one entry for one time, and can
    /// remove it.
    entries: BTreeMap<(Instant, usize), Weak<T>>,
    running: bool,
    closed: bool,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key<T>(at: Instant, item: &Arc<T>) -> (Instant, usize) {
    (at, Arc::as_ptr(item).addr())
}

impl<T: Expire> Default for Deadlines<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Expire> Deadlines<T> {
    /// Starts without deadlines, and without a task.
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(State {
                    entries: BTreeMap::new(),
                    running: false,
                    closed: false,
                }),
                changed: Notify::new(),
            }),
        }
    }

    /// Calls `item` at `at`. The first call starts the task, inside a tokio runtime.
    pub fn insert(&self, at: Instant, item: &Arc<T>) {
        let mut state = self.shared.lock();
        let key = key(at, item);
        state.entries.insert(key, Arc::downgrade(item));
        if !state.running {
            state.running = true;
            spawn(run(self.shared.clone()));
        } else if state.entries.first_key_value().map(|(first, _)| *first) == Some(key) {
            self.shared.changed.notify_one();
        }
    }

    /// Forgets that `item` is to be called at `at`. Returns whether it was.
    pub fn remove(&self, at: Instant, item: &Arc<T>) -> bool {
        self.shared.lock().entries.remove(&key(at, item)).is_some()
    }
}

impl<T: Expire> Drop for Deadlines<T> {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_one();
    }
}

async fn run<T: Expire>(shared: Arc<Shared<T>>) {
    let mut due = Vec::new();
    loop {
        let now = super::sync::now();
        let next = {
            let mut state = shared.lock();
            if state.closed {
                return;
            }
            while due.len() < AT_ONCE
                && let Some(first) = state.entries.first_entry()
                && first.key().0 <= now
            {
                due.extend(first.remove().upgrade());
            }
            state.entries.first_key_value().map(|(first, _)| first.0)
        };
        if due.is_empty() {
            match next {
                Some(at) => tokio::select! {
                    biased;
                    () = sleep_until(at) => {}
                    () = shared.changed.notified() => {}
                },
                None => shared.changed.notified().await,
            }
            continue;
        }
        // Called without the lock: an item may insert another.
        for item in due.drain(..) {
            // The item may be dropped in here, which is the application's code too.
            let called = catch_unwind(AssertUnwindSafe(|| {
                if let Some(at) = item.on_deadline(now) {
                    let entry = (key(at, &item), Arc::downgrade(&item));
                    shared.lock().entries.extend([entry]);
                }
                drop(item);
            }));
            if called.is_err() {
                tracing::error!("a deadline's callback panicked");
            }
        }
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
impl<T: Expire> Deadlines<T> {
    /// How many deadlines there are.
    pub(crate) fn len(&self) -> usize {
        self.shared.lock().entries.len()
    }

    /// Lives as long as this value and its task do.
    pub(crate) fn life(&self) -> Weak<dyn std::any::Any> {
        let shared: Weak<dyn std::any::Any> = Arc::downgrade(&self.shared) as _;
        shared
    }
}
