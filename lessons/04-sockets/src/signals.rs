//! Signals that arrive while a call is waiting, so that the call fails with `EINTR`.
//!
//! `EINTR` is rare, and so it is rarely handled. With [`catch`] and [`interrupt`] a test
//! can make it happen.

use std::mem::MaybeUninit;
use std::os::unix::thread::JoinHandleExt;
use std::thread::JoinHandle;
use std::{io, ptr};

extern "C" fn do_nothing(_signal: libc::c_int) {}

/// Installs a handler for `SIGUSR1` that does nothing: from now on that signal interrupts
/// a waiting call and has no other effect.
///
/// # Errors
/// Returns the kernel's error.
pub fn catch() -> io::Result<()> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: all zeros is a valid `sigaction`: no flags (without `SA_RESTART` the kernel
    // does not restart calls), an empty mask, and a handler that the next line sets.
    // `do_nothing` touches nothing, so it can run at any moment. The last argument may be
    // null, because we do not ask for the previous handler.
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

/// Sends `SIGUSR1` to one thread. Call [`catch`] first: without a handler the signal
/// kills the program.
///
/// # Errors
/// Returns the kernel's error.
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
