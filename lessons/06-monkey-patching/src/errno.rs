//! `errno`, the C library's second result.
//!
//! It is a variable of the thread, and a coroutine that has waited may go on in another
//! thread. So nobody may keep its address across a wait. Both functions here take it
//! anew, and are never inlined, so that no compiler can keep it either.

/// The number of the calling thread's last error.
// ANCHOR: errno
#[inline(never)]
pub fn get() -> i32 {
    // SAFETY: the C library gives the address of the calling thread's own variable, which
    // lives as long as the thread. It is read before anything else can happen here.
    unsafe { *libc::__errno_location() }
}

/// Leaves a number for the caller, in the thread where we are now.
#[inline(never)]
pub fn set(number: i32) {
    // SAFETY: as above, and nobody else has a reference to it.
    unsafe { *libc::__errno_location() = number }
}
// ANCHOR_END: errno

/// Where the calling thread's `errno` is, as a number to compare: not to be used as an
/// address.
#[inline(never)]
pub fn address() -> usize {
    // SAFETY: it has no conditions; only what is done with the address would.
    unsafe { libc::__errno_location() as usize }
}
