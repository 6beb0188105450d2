//! A signal that comes while a call waits: the call ends without having done anything,
//! and says `EINTR`.
//!
//! Seldom seen, and so seldom handled. With this module a test can make it happen:
//! [`catch`] and [`interrupt`].

use std::mem::MaybeUninit;
use std::os::unix::thread::JoinHandleExt;
use std::thread::JoinHandle;
use std::{io, ptr};

extern "C" fn do_nothing(_signal: libc::c_int) {}

/// From now on the signal `SIGUSR1` ends whatever call it finds waiting, and does nothing
/// else.
///
/// # Errors
/// What the kernel says.
pub fn catch() -> io::Result<()> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: all zeros is a valid `sigaction`: no flags (so calls are not begun again:
    // no `SA_RESTART`), an empty mask, and a handler number that is set in the next
    // line. `do_nothing` touches nothing, so it may run at any moment. The last
    // argument may be null: we do not ask what was there before.
    let done = unsafe {
        (*action.as_mut_ptr()).sa_sigaction =
            do_nothing as extern "C" fn(libc::c_int) as usize;
        libc::sigaction(libc::SIGUSR1, action.as_ptr(), ptr::null_mut())
    };
    if done == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// Sends `SIGUSR1` to this one thread. Call [`catch`] first: without it the signal ends
/// the program.
///
/// # Errors
/// What the kernel says.
pub fn interrupt<T>(thread: &JoinHandle<T>) -> io::Result<()> {
    if thread.is_finished() {
        return Ok(());
    }
    // SAFETY: the handle has not been joined (it would have been consumed), so the
    // thread's id is still its own.
    match unsafe { libc::pthread_kill(thread.as_pthread_t(), libc::SIGUSR1) } {
        0 | libc::ESRCH => Ok(()),
        number => Err(io::Error::from_raw_os_error(number)),
    }
}
