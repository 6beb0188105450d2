//! A thread for the disk. A regular file is always ready, so a loop that reads one waits,
//! and everybody with it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::{io, thread};

use crate::{Reactor, Remote};

type Order = Box<dyn FnOnce() + Send>;

// ANCHOR: disk
/// Reads files in a thread of its own, and answers on the loop's.
pub struct Disk {
    orders: Sender<Order>,
    remote: Remote,
}

impl Disk {
    /// Starts the thread. It ends when the `Disk` is dropped and what was ordered is
    /// done.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub fn start(reactor: &Reactor) -> io::Result<Self> {
        let (orders, work) = channel::<Order>();
        thread::Builder::new().name("disk".into()).spawn(move || {
            for order in work {
                // A piece of work that panics ends itself, and not the thread that others
                // wait for.
                let _ = catch_unwind(AssertUnwindSafe(order));
            }
        })?;
        Ok(Self {
            orders,
            remote: reactor.remote(),
        })
    }

    /// Does `work`, which may wait, in the thread, and then calls `done` with the result
    /// on the loop's. When `work` panics, `done` is not called.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
        done: impl FnOnce(&mut Reactor, T) + Send + 'static,
    ) {
        let remote = self.remote.clone();
        let order: Order = Box::new(move || {
            let result = work();
            remote.post(move |reactor| done(reactor, result));
        });
        // It fails only when the thread has gone, and the thread goes after us.
        let _ = self.orders.send(order);
    }

    /// Reads a file whole.
    pub fn read(
        &self,
        path: PathBuf,
        done: impl FnOnce(&mut Reactor, io::Result<Vec<u8>>) + Send + 'static,
    ) {
        self.run(move || std::fs::read(path), done);
    }
}
// ANCHOR_END: disk
