//! A queue with a bound: who puts in too fast has to wait. `gevent.queue.Queue(maxsize)`.
//!
//! may's own channel has no bound, and those of std and crossbeam would put the whole
//! worker thread to sleep. Two semaphores around a channel make one that puts only the
//! coroutine to sleep: one counts free places, one what is there.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;

use crossbeam::channel::{
    Receiver, RecvError, SendError, Sender, TryRecvError, TrySendError,
};
use may::sync::{Semphore, mpmc};
use may::{coroutine, go};

// ANCHOR: bounded
/// A queue for a few things at a time.
pub struct Bounded<T> {
    free: Semphore,
    sender: mpmc::Sender<T>,
    receiver: mpmc::Receiver<T>,
}

impl<T> Bounded<T> {
    /// A queue for `places` things.
    pub fn new(places: usize) -> Self {
        let (sender, receiver) = mpmc::channel();
        Self {
            free: Semphore::new(places),
            sender,
            receiver,
        }
    }

    /// Puts something in. Waits while the queue is full.
    pub fn put(&self, thing: T) {
        self.free.wait();
        // We hold a receiver ourselves, so there is always one.
        let _ = self.sender.send(thing);
    }

    /// Takes what is first. Waits while the queue is empty.
    pub fn take(&self) -> T {
        loop {
            // Both ends are held by the queue itself, so it never ends.
            if let Ok(thing) = self.receiver.recv() {
                self.free.post();
                return thing;
            }
        }
    }
}
// ANCHOR_END: bounded

// ANCHOR: crossbeam
/// Puts something into crossbeam's channel from a coroutine: asks, and while the channel
/// is full lets others run before it asks again. With one worker, coroutines that a
/// *thread* starts meanwhile have to wait: who is to take the things must be
/// there already, or be a thread.
///
/// # Errors
/// The thing, when all receivers are gone.
pub fn put<T>(queue: &Sender<T>, mut thing: T) -> Result<(), SendError<T>> {
    loop {
        match queue.try_send(thing) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Full(back)) => thing = back,
            Err(TrySendError::Disconnected(back)) => return Err(SendError(back)),
        }
        coroutine::yield_now();
    }
}

/// Takes what is first out of crossbeam's channel, in the same way.
///
/// # Errors
/// When it is empty and all senders are gone.
pub fn take<T>(queue: &Receiver<T>) -> Result<T, RecvError> {
    loop {
        match queue.try_recv() {
            Ok(thing) => return Ok(thing),
            Err(TryRecvError::Empty) => coroutine::yield_now(),
            Err(TryRecvError::Disconnected) => return Err(RecvError),
        }
    }
}
// ANCHOR_END: crossbeam

/// What came of passing things from one coroutine to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// How many were taken.
    pub taken: u32,
    /// How many had been put in and not yet taken, at most.
    pub most: u32,
    /// How many had been taken when the maker ended.
    pub meanwhile: u32,
}

/// One coroutine puts up to `things` things in, and ends when `put` says that it did not;
/// another takes until `take` gives nothing. `put` is dropped when the maker ends.
pub fn pass(
    things: u32,
    mut put: impl FnMut(u32) -> bool + Send + 'static,
    mut take: impl FnMut() -> Option<u32> + Send + 'static,
) -> Passed {
    // Both are started by a third, so that on one worker the maker always begins.
    let both = go!(move || {
        let [made, taken, most] = [const { AtomicU32::new(0) }; 3];
        let meanwhile = coroutine::scope(|scope| {
            let (made, taken, most) = (&made, &taken, &most);
            let maker = go!(scope, move || {
                for thing in 0..things {
                    if !put(thing) {
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
            maker.join()
        });
        Passed {
            taken: taken.into_inner(),
            most: most.into_inner(),
            meanwhile,
        }
    });
    both.join().unwrap_or_default()
}
