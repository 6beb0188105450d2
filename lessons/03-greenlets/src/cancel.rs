//! Stopping a coroutine from outside: gevent's `greenlet.kill()`.

use may::coroutine::JoinHandle;

// ANCHOR: cancel
/// Cancels a coroutine: it stops at its next wait and unwinds. Its values are dropped,
/// and `join` returns an error. A coroutine that never waits runs on.
///
/// # Safety
/// From now on the coroutine must not be inside `coroutine::scope` or `select!`. Both let
/// other coroutines borrow from its stack, and a cancelled one unwinds that stack without
/// waiting for them. Nor must `unsafe` code in it depend on a wait that returns.
pub unsafe fn cancel<T>(handle: &JoinHandle<T>) {
    // SAFETY: the caller promises what is said above.
    unsafe { handle.coroutine().cancel() };
}
// ANCHOR_END: cancel
