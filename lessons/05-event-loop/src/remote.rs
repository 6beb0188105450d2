//! A way into the loop for other threads. The loop sleeps in the kernel, so only
//! something that the kernel watches can wake it: a pipe, whose reading end is one of the
//! loop's sources.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::pipe::{PipeFlags, pipe_with};

use crate::Reactor;

/// A closure that another thread sends to the loop's thread.
pub(crate) type Job = Box<dyn FnOnce(&mut Reactor) + Send>;

/// Wakes a [`Reactor`] from any thread, and runs closures on its thread. Cheap to clone;
/// does nothing once the reactor is gone.
#[derive(Clone)]
pub struct Remote {
    shared: Arc<Shared>,
}

struct Shared {
    jobs: Mutex<Vec<Job>>,
    pipe: OwnedFd,
    /// Another thread wants the loop to make a turn.
    wanted: AtomicBool,
    /// The loop is asleep, or about to be.
    asleep: AtomicBool,
}

impl Shared {
    fn jobs(&self) -> MutexGuard<'_, Vec<Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remote {
    /// Returns the remote and the reading end of its pipe, for the loop to watch.
    pub(crate) fn new() -> io::Result<(Self, OwnedFd)> {
        let (reads, pipe) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        let (wanted, asleep) = (AtomicBool::new(false), AtomicBool::new(false));
        let shared = Arc::new(Shared {
            jobs: Mutex::default(),
            pipe,
            wanted,
            asleep,
        });
        Ok((Self { shared }, reads))
    }

    // ANCHOR: wake
    /// Makes the loop turn once more, and wakes it if it sleeps.
    pub fn wake(&self) {
        self.shared.wanted.store(true, Ordering::SeqCst);
        if self.shared.asleep.swap(false, Ordering::SeqCst) {
            // If the pipe is full, the loop will wake anyway; if the loop is gone, there
            // is nothing to wake. So errors do not matter.
            let _ = rustix::io::write(&self.shared.pipe, &[1]);
        }
    }

    /// Runs `job` on the loop's thread.
    pub fn post(&self, job: impl FnOnce(&mut Reactor) + Send + 'static) {
        self.shared.jobs().push(Box::new(job));
        self.wake();
    }
    // ANCHOR_END: wake

    // ANCHOR: sleep
    /// Announces that the loop is about to sleep. Returns whether it must not, because
    /// another thread wants it.
    pub(crate) fn prepare_sleep(&self) -> bool {
        self.shared.asleep.store(true, Ordering::SeqCst);
        self.shared.wanted.load(Ordering::SeqCst)
    }

    /// Announces that the loop is awake, and returns the jobs that were posted.
    pub(crate) fn take_jobs(&self) -> Vec<Job> {
        self.shared.asleep.store(false, Ordering::SeqCst);
        if !self.shared.wanted.swap(false, Ordering::SeqCst) {
            return Vec::new();
        }
        std::mem::take(&mut *self.shared.jobs())
    }
    // ANCHOR_END: sleep
}
