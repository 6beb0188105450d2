//! A queue with a bound: who puts in too fast has to wait. `gevent.queue.Queue(maxsize)`.
//!
//! may's own channel has no bound, and those of std and crossbeam would put the whole worker thread to sleep. Two
//! semaphores around a channel make one that puts only the coroutine to sleep: one counts free places, one what is there.

use may::sync::{Semphore, mpmc};

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
        Self { free: Semphore::new(places), sender, receiver }
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
