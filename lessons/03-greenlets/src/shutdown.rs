//! How a program of coroutines ends: `gevent.signal_handler(SIGINT, gevent.kill)`.
//!
//! The kernel can call a signal handler between any two instructions, so a handler must
//! do almost nothing: no lock, no allocation, no cancelling. It leaves a note, and a
//! thread that does nothing else reads the note and acts on it.

use may::coroutine::JoinHandle;

use crate::cancel::cancel;
use crate::event::Event;

// ANCHOR: interrupt
/// Calls `then` in its own thread when the next SIGINT arrives, the signal that Ctrl-C
/// sends. From now on SIGINT no longer ends the program: that is up to `then`.
///
/// # Errors
/// When the kernel refuses the handler or the thread.
#[cfg(unix)]
pub fn on_interrupt(then: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let inside = runtime.enter();
    // tokio's handler is installed when this returns. It writes a byte into a pipe, and
    // `recv` waits at the other end.
    let mut interrupts = signal(SignalKind::interrupt())?;
    drop(inside);
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            if runtime.block_on(interrupts.recv()).is_some() {
                then();
            }
        })?;
    Ok(())
}
// ANCHOR_END: interrupt

// ANCHOR: until
/// Waits until `stop` is set, then cancels every coroutine that still waits. Returns what
/// each of them returned, in order; `None` for one that was cancelled.
///
/// A coroutine that computes has to check `stop` itself, or this waits until it ends.
///
/// # Safety
/// Every coroutine has to keep the promise that [`cancel`] asks for.
pub unsafe fn run_until<T>(stop: &Event, started: Vec<JoinHandle<T>>) -> Vec<Option<T>> {
    stop.wait();
    for handle in &started {
        // SAFETY: our caller promises it.
        unsafe { cancel(handle) };
    }
    started
        .into_iter()
        .map(|handle| handle.join().ok())
        .collect()
}
// ANCHOR_END: until
