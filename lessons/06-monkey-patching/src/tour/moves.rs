//! A coroutine that falls asleep on one thread and resumes on another.

use std::time::Duration;

use anyhow::{Result, ensure};
use may::go;
use monkey_patching::errno;

use super::{found, heading, join, row};

pub(crate) fn show() -> Result<()> {
    heading("One coroutine, before and after `may::coroutine::sleep`");
    let (before, after) = join(go!(|| {
        let before = here();
        may::coroutine::sleep(Duration::from_millis(10));
        (before, here())
    }))?;
    for (when, (thread, address)) in [("before", before), ("after", after)] {
        row(format!(
            "{when:<6}  thread {thread:>8}   errno at {address:#x}"
        ));
    }
    ensure!(
        before.0 != after.0 && before.1 != after.1,
        "it resumed on the same thread"
    );
    found(
        "`may`'s timer thread runs the coroutines that it wakes. Code that has kept the \
         address of the first `errno` now reads another thread's.",
    );
    Ok(())
}

/// Returns the kernel's number of this thread, and the address of its `errno`.
fn here() -> (i32, usize) {
    // SAFETY: it has no arguments and always succeeds.
    (unsafe { libc::gettid() }, errno::address())
}
