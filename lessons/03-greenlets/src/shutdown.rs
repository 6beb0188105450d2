//! How a program of coroutines ends: `gevent.signal_handler(SIGINT, gevent.kill)`.
//!
//! The kernel calls a signal's handler in the middle of anything, so a handler may do
//! next to nothing: no lock, no allocation, no cancelling. It writes a note. Somebody
//! else has to read it, and that is a thread which does nothing else.

use may::coroutine::JoinHandle;

use crate::cancel::cancel;
use crate::event::Event;

// ANCHOR: interrupt
/// Calls `then` in a thread of its own when the next SIGINT comes, which is what Ctrl-C
/// sends. From now on it does not end the program any more: `then` has to.
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
    // tokio's handler writes a byte into a pipe, and `recv` waits at its other end. It is
    // there when this returns.
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
/// Waits until `stop` is up. Then it ends all that still wait for something: what they
/// own is dropped. For each in its order, what it returned; `None` for one that was
/// ended.
///
/// One that computes has to look at `stop` itself now and then, or this waits for it.
pub fn run_until<T>(stop: &Event, started: Vec<JoinHandle<T>>) -> Vec<Option<T>> {
    stop.wait();
    // First all of them are told, then all are waited for: each may take its time to tidy
    // up.
    started.iter().for_each(cancel);
    started.into_iter().map(|one| one.join().ok()).collect()
}
// ANCHOR_END: until
