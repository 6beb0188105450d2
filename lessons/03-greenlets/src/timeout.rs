//! Waiting with a limit: `gevent.Timeout`.

use std::time::Duration;

use may::go;
use may::sync::mpsc;

use crate::cancel::cancel;

// ANCHOR: within
/// Runs `work` in a coroutine and waits at most `limit` for its result. Returns `None`
/// when the time is up, and when `work` panics. Work that takes too long is cancelled.
///
/// # Safety
/// `work` has to keep the promise that [`cancel`] asks for.
pub unsafe fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = mpsc::channel();
    let worker = go!(move || {
        // The receiver might have given up.
        let _ = sender.send(work());
    });
    let result = receiver.recv_timeout(limit).ok();
    if result.is_none() {
        // SAFETY: our caller promises it.
        unsafe { cancel(&worker) };
    }
    result
}
// ANCHOR_END: within
