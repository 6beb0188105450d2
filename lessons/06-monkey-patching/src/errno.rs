//! `errno`, the second result of a C function.
//!
//! It is a thread-local variable, and a coroutine that has waited can resume on another
//! thread. So its address must not be kept across a wait. The functions here ask for the
//! address on every call, and they are never inlined, so that the compiler does not keep
//! it either.

/// Returns the number of the calling thread's last error.
// ANCHOR: errno
#[inline(never)]
pub fn get() -> i32 {
    // SAFETY: this is the address of the calling thread's own variable, which lives as
    // long as the thread. We read it before the coroutine can move to another thread.
    unsafe { *libc::__errno_location() }
}

/// Stores an error number for the caller, in the thread that runs us now.
#[inline(never)]
pub fn set(number: i32) {
    // SAFETY: as above, and there is no reference to the variable anywhere.
    unsafe { *libc::__errno_location() = number }
}
// ANCHOR_END: errno

/// Returns the address of the calling thread's `errno`, as a number to compare: do not
/// use it as a pointer.
#[inline(never)]
pub fn address() -> usize {
    // SAFETY: the call has no conditions; only a use of the address would.
    unsafe { libc::__errno_location() as usize }
}
