//! Not waiting for ever: `gevent.Timeout`.

use std::time::Duration;

use may::coroutine::JoinHandle;
use may::go;
use may::sync::mpsc;

// ANCHOR: within
/// Does `work` in a coroutine of its own, and waits for it no longer than `limit`; `None`
/// when that was too short, or when it panicked.
///
/// Work that took too long is cancelled: it ends where it waits next. gevent raises an
/// exception there, which is the same idea; work that never waits cannot be ended either
/// way.
pub fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = mpsc::channel();
    let worker: JoinHandle<()> = go!(move || {
        // Nobody may be waiting any more.
        let _ = sender.send(work());
    });
    let done = receiver.recv_timeout(limit).ok();
    if done.is_none() {
        crate::cancel::cancel(&worker);
    }
    done
}
// ANCHOR_END: within
