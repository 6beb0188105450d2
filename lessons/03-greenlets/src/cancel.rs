//! Ending a coroutine from outside: `greenlet.kill()`.

use may::coroutine::JoinHandle;

// ANCHOR: cancel
/// Asks a coroutine to end. It does where it waits next, by unwinding its stack: what it
/// owns is dropped, and whoever joins it gets an error. One that never waits goes on.
pub fn cancel<T>(handle: &JoinHandle<T>) {
    // SAFETY: may calls this unsafe because it unwinds in the middle of a wait, and code
    // that keeps its promises only at the end of a function (a raw pointer handed
    // out, a C callback under way) would break them. A coroutine of ours
    // holds nothing but owned Rust values, whose destructors are what cleans up.
    unsafe { handle.coroutine().cancel() };
}
// ANCHOR_END: cancel
