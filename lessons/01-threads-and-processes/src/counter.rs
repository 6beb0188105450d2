//! One counter, incremented by two threads and then by two processes: which of them see
//! each other's increments?
//!
//! Slide 4 says that processes share "code, data, heap, stack". The experiment says that
//! they do not, and it shows more: after a `fork` both processes have the counter *at the
//! same address*, with different values. An address means something only within one
//! process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// A static variable is in the data segment, which the slide says is shared.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// What one thread or process saw after it had incremented the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    /// The counter's address.
    pub address: usize,
    /// The counter's value.
    pub value: u64,
}

/// Returns the counter's address and its value.
pub fn look() -> Sight {
    Sight {
        address: (&raw const COUNTER).addr(),
        value: COUNTER.load(Ordering::SeqCst),
    }
}

/// Sets the counter to 0.
pub fn reset() {
    COUNTER.store(0, Ordering::SeqCst);
}

/// Adds 1 to the counter, `times` times, and returns what it is then.
// ANCHOR: increment
pub fn increment(times: u64) -> Sight {
    for _ in 0..times {
        COUNTER.fetch_add(1, Ordering::SeqCst);
    }
    look()
}
// ANCHOR_END: increment

/// Lets two threads increment the counter at once, `times` times each. Returns what each
/// of them saw when it was done, and what the counter is after both.
// ANCHOR: threads
pub fn two_threads(times: u64) -> ([Sight; 2], Sight) {
    let sights = thread::scope(|scope| {
        let both = [
            scope.spawn(|| increment(times)),
            scope.spawn(|| increment(times)),
        ];
        both.map(|thread| thread.join().expect("incrementing does not panic"))
    });
    (sights, look())
}
// ANCHOR_END: threads

/// Lets two child processes increment the counter, `times` times each. Returns what each
/// of them saw when it was done, and what the counter is here after both.
///
/// `fork` makes the children, so each of them starts with everything that we have, at the
/// same addresses. The second child starts after the first has exited: if the counter
/// were shared, the second would see the first one's increments.
///
/// # Errors
/// Returns an error if the kernel refuses to create a process or a pipe.
#[cfg(unix)]
pub fn two_processes(times: u64) -> std::io::Result<([Sight; 2], Sight)> {
    let first = forked(times)?;
    let second = forked(times)?;
    Ok(([first, second], look()))
}

/// Forks a child that increments the counter and sends what it saw through a pipe.
#[cfg(unix)]
// ANCHOR: fork
fn forked(times: u64) -> std::io::Result<Sight> {
    use std::io::{Error, Read, Write};
    let (mut from_child, mut to_parent) = std::io::pipe()?;
    // SAFETY: `fork` copies only the thread that calls it. If another thread holds a lock
    // at this moment (that of standard output, for example), nothing will ever release
    // the child's copy of that lock. So the child must not allocate, print or lock. It
    // increments an atomic, writes 16 bytes from its stack into a pipe, and ends with
    // `_exit`, which runs none of our destructors.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let sight = increment(times);
        let sent = to_parent
            .write_all(&(sight.address as u64).to_ne_bytes())
            .and_then(|()| to_parent.write_all(&sight.value.to_ne_bytes()));
        // SAFETY: `_exit` ends the process at once. `exit` would first run handlers that
        // the parent registered, and the parent will run them too.
        unsafe { libc::_exit(i32::from(sent.is_err())) };
    }
    if child < 0 {
        return Err(Error::last_os_error());
    }
    drop(to_parent);
    let mut receive = || -> std::io::Result<u64> {
        let mut bytes = [0; 8];
        from_child.read_exact(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    };
    let (address, value) = (receive(), receive());
    reap(child);
    Ok(Sight {
        address: usize::try_from(address?).map_err(Error::other)?,
        value: value?,
    })
}
// ANCHOR_END: fork

/// Waits until a child has exited, so that it does not stay as a zombie.
#[cfg(unix)]
pub(crate) fn reap(child: libc::pid_t) {
    use rustix::process::{Pid, WaitOptions, waitpid};
    // A signal can interrupt the wait. The only other error is that there is no such
    // child, and then there is nothing to wait for.
    let _ =
        rustix::io::retry_on_intr(|| waitpid(Pid::from_raw(child), WaitOptions::empty()));
}
