//! The same counter, raised by two threads and by two processes: who sees whose value?
//!
//! Slide 4 says that processes share "code, data, heap, stack". The experiment says
//! otherwise, and it says more: after a `fork` both processes have the counter *at the
//! same address*, with different values. An address means something only together with a
//! process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// A variable of the whole program: it lies in the data segment, where the slide says it
/// is shared.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// What one unit of execution saw when it had raised the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Where it found the counter.
    pub address: usize,
    /// The value when it was done.
    pub value: u64,
}

/// Looks at the counter.
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

/// Raises the counter `times` times.
pub fn raise(times: u64) -> Sight {
    for _ in 0..times {
        COUNTER.fetch_add(1, Ordering::SeqCst);
    }
    look()
}

/// Two threads raise the counter, `times` times each; what each of them saw at its end,
/// and what is left.
// ANCHOR: threads
pub fn two_threads(times: u64) -> ([Sight; 2], Sight) {
    let sights = thread::scope(|scope| {
        let both = [scope.spawn(|| raise(times)), scope.spawn(|| raise(times))];
        both.map(|thread| thread.join().expect("raising a counter does not panic"))
    });
    (sights, look())
}
// ANCHOR_END: threads

/// Two processes raise the counter, `times` times each; what each of them saw at its end,
/// and what is left here.
///
/// They are made by `fork`, so that they begin with everything that we have, at the same
/// addresses. The second begins when the first has ended: if anything were shared, it
/// would show.
///
/// # Errors
/// When the kernel refuses a process or a pipe.
#[cfg(unix)]
pub fn two_processes(times: u64) -> std::io::Result<([Sight; 2], Sight)> {
    let first = forked(times)?;
    let second = forked(times)?;
    Ok(([first, second], look()))
}

/// A child that raises its counter and tells what it saw through a pipe.
#[cfg(unix)]
// ANCHOR: fork
fn forked(times: u64) -> std::io::Result<Sight> {
    use std::io::{Read, Write};
    let (mut from_child, mut to_parent) = std::io::pipe()?;
    // SAFETY: `fork` copies only the thread that calls it. Another one may hold a lock at
    // this moment, the allocator's for one, and in the child nobody will ever give it
    // back. So the child must not allocate, print or lock. It raises an atomic,
    // writes 16 bytes from its stack into a pipe, and ends by `_exit`, which runs no code
    // of ours.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let sight = raise(times);
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&(sight.address as u64).to_ne_bytes());
        bytes[8..].copy_from_slice(&sight.value.to_ne_bytes());
        let told = to_parent.write_all(&bytes);
        // SAFETY: ends the process at once, without what `exit` would run in the parent's
        // name.
        unsafe { libc::_exit(i32::from(told.is_err())) };
    }
    if child < 0 {
        return Err(std::io::Error::last_os_error());
    }
    drop(to_parent);
    let mut bytes = [0; 16];
    let told = from_child.read_exact(&mut bytes);
    // SAFETY: waits for our own child, whose status we do not ask for.
    while unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) } < 0
        && std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted
    {}
    told?;
    let [address, value] =
        [0, 8].map(|at| bytes[at..at + 8].try_into().map_or(0, u64::from_ne_bytes));
    Ok(Sight {
        address: usize::try_from(address).unwrap_or(0),
        value,
    })
}
// ANCHOR_END: fork
