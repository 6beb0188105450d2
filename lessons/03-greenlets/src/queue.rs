//! A queue with a bound, in which a fast producer has to wait:
//! `gevent.queue.Queue(maxsize)`.
//!
//! `may`'s own channel has no bound, and the bounded channels of std and crossbeam put
//! the whole worker thread to sleep. Two semaphores around a list make a queue that puts
//! only the coroutine to sleep: one counts the free places, the other the items.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;

use crossbeam::channel::{
    Receiver, RecvError, SendError, Sender, TryRecvError, TrySendError,
};
use may::sync::{Mutex, Semphore};
use may::{coroutine, go};

// ANCHOR: bounded
/// A queue with a bound.
pub struct Bounded<T> {
    free: Semphore,
    filled: Semphore,
    items: Mutex<VecDeque<T>>,
}
// ANCHOR_END: bounded

impl<T> Bounded<T> {
    // ANCHOR: new
    /// Creates a queue with this many places.
    pub fn new(places: usize) -> Self {
        Self {
            free: Semphore::new(places),
            filled: Semphore::new(0),
            items: Mutex::new(VecDeque::new()),
        }
    }
    // ANCHOR_END: new

    // ANCHOR: put
    /// Puts an item in. Waits while the queue is full.
    pub fn put(&self, item: T) {
        self.free.wait();
        self.items
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(item);
        self.filled.post();
    }
    // ANCHOR_END: put

    /// Takes the oldest item out. Waits while the queue is empty.
    pub fn take(&self) -> T {
        loop {
            self.filled.wait();
            let item = self
                .items
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop_front();
            // `filled` counts the items, so there is always one.
            if let Some(item) = item {
                self.free.post();
                return item;
            }
        }
    }
}

// ANCHOR: crossbeam
/// Puts an item into crossbeam's channel from a coroutine: tries, and lets other
/// coroutines run before it tries again. On a single worker, a coroutine that a *thread*
/// starts in the meantime does not run: the consumer has to exist already or be a thread.
///
/// # Errors
/// Returns the item when all receivers are gone.
pub fn put<T>(queue: &Sender<T>, mut item: T) -> Result<(), SendError<T>> {
    loop {
        match queue.try_send(item) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Full(returned)) => item = returned,
            Err(TrySendError::Disconnected(item)) => return Err(SendError(item)),
        }
        coroutine::yield_now();
    }
}
// ANCHOR_END: crossbeam

/// Takes the oldest item out of crossbeam's channel, in the same way.
///
/// # Errors
/// When the channel is empty and all senders are gone.
pub fn take<T>(queue: &Receiver<T>) -> Result<T, RecvError> {
    loop {
        match queue.try_recv() {
            Ok(item) => return Ok(item),
            Err(TryRecvError::Empty) => coroutine::yield_now(),
            Err(TryRecvError::Disconnected) => return Err(RecvError),
        }
    }
}

/// How a run of [`pass`] went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// The number of items that were taken.
    pub taken: u32,
    /// The largest number of items that were in the queue at a time.
    pub most: u32,
    /// The number of items that had been taken when the producer ended.
    pub meanwhile: u32,
}

/// Passes items from one coroutine to another. The producer calls `put` up to `items`
/// times, and stops when it returns `false`; `put` is dropped when the producer ends. The
/// consumer calls `take` until it returns `None`.
pub fn pass(
    items: u32,
    mut put: impl FnMut(u32) -> bool + Send + 'static,
    mut take: impl FnMut() -> Option<u32> + Send + 'static,
) -> Passed {
    // A third coroutine starts both, so that on one worker the producer runs first.
    let both = go!(move || {
        let [made, taken, most] = [const { AtomicU32::new(0) }; 3];
        let meanwhile = coroutine::scope(|scope| {
            let (made, taken, most) = (&made, &taken, &most);
            let producer = go!(scope, move || {
                for item in 0..items {
                    if !put(item) {
                        break;
                    }
                    let waiting = made.fetch_add(1, SeqCst) + 1 - taken.load(SeqCst);
                    most.fetch_max(waiting, SeqCst);
                }
                drop(put);
                taken.load(SeqCst)
            });
            go!(scope, move || {
                while take().is_some() {
                    taken.fetch_add(1, SeqCst);
                }
            });
            producer.join()
        });
        Passed {
            taken: taken.into_inner(),
            most: most.into_inner(),
            meanwhile,
        }
    });
    both.join().unwrap_or_default()
}
