//! A thread for the disk. A regular file is always "ready", so a loop that reads one
//! blocks, and every connection with it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::{io, thread};

use crate::{Reactor, Remote};

type Work = Box<dyn FnOnce() + Send>;

/// Runs blocking work on its own thread, and delivers the results on the loop's thread.
pub struct Disk {
    queue: Sender<Work>,
    remote: Remote,
}

impl Disk {
    /// Starts the thread. It exits when the `Disk` has been dropped and the queued work
    /// is done.
    ///
    /// # Errors
    /// Returns an error if the system cannot start a thread.
    pub fn start(reactor: &Reactor) -> io::Result<Self> {
        let (queue, works) = channel::<Work>();
        thread::Builder::new().name("disk".into()).spawn(move || {
            for work in works {
                // A panic must not end the thread: other work is waiting for it.
                let _ = catch_unwind(AssertUnwindSafe(work));
            }
        })?;
        Ok(Self {
            queue,
            remote: reactor.remote(),
        })
    }

    // ANCHOR: run
    /// Runs `work`, which is allowed to block, on the disk's thread, and then calls `done`
    /// with its result on the loop's thread. If `work` panics, `done` is not called.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
        done: impl FnOnce(&mut Reactor, T) + Send + 'static,
    ) {
        let remote = self.remote.clone();
        let work: Work = Box::new(move || {
            let result = work();
            remote.post(move |reactor| done(reactor, result));
        });
        // This fails only if the thread has exited, and it outlives us.
        let _ = self.queue.send(work);
    }
    // ANCHOR_END: run

    /// Reads a whole file on the disk's thread and passes the bytes to `done`.
    pub fn read(
        &self,
        path: PathBuf,
        done: impl FnOnce(&mut Reactor, io::Result<Vec<u8>>) + Send + 'static,
    ) {
        self.run(move || std::fs::read(path), done);
    }
}
