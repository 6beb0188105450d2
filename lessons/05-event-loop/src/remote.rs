//! A way into the loop for other threads. The loop sleeps in the kernel, so only
//! something that the kernel watches can wake it: a pipe, with the reading end among the
//! loop's sources.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::pipe::{PipeFlags, pipe_with};

use crate::Reactor;

/// What another thread wants to have done on the loop's own thread.
pub(crate) type Job = Box<dyn FnOnce(&mut Reactor) + Send>;

/// Wakes a [`Reactor`] from any thread, and hands it work. Cheap to clone; harmless when
/// the reactor is gone.
#[derive(Clone)]
pub struct Remote {
    shared: Arc<Shared>,
}

struct Shared {
    jobs: Mutex<Vec<Job>>,
    pipe: OwnedFd,
    /// Somebody wants the loop to go round once more.
    wanted: AtomicBool,
    /// The loop sleeps, or is about to.
    asleep: AtomicBool,
}

impl Remote {
    /// The remote and the end of its pipe for the loop to watch.
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
    /// Has the loop go round once more, at once if it sleeps.
    pub fn wake(&self) {
        self.shared.wanted.store(true, Ordering::SeqCst);
        if self.shared.asleep.swap(false, Ordering::SeqCst) {
            // One byte. A full pipe would be as good, and a loop that has gone needs
            // none.
            let _ = rustix::io::write(&self.shared.pipe, &[1]);
        }
    }

    /// Has `job` done on the loop's thread.
    pub fn post(&self, job: impl FnOnce(&mut Reactor) + Send + 'static) {
        self.shared
            .jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Box::new(job));
        self.wake();
    }
    // ANCHOR_END: wake

    /// The loop says that it is going to sleep; gives whether it must not.
    pub(crate) fn sleeps(&self) -> bool {
        self.shared.asleep.store(true, Ordering::SeqCst);
        self.shared.wanted.load(Ordering::SeqCst)
    }

    /// The loop is up, and takes what has been posted.
    pub(crate) fn is_up(&self) -> Vec<Job> {
        self.shared.asleep.store(false, Ordering::SeqCst);
        if !self.shared.wanted.swap(false, Ordering::SeqCst) {
            return Vec::new();
        }
        std::mem::take(
            &mut *self
                .shared
                .jobs
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}
