//! Copy on write: what a `fork` really copies, as the kernel counts it.
//!
//! [`counter`](crate::counter) shows that two processes have two counters. It does not
//! show that the kernel is lazy about it: it hands the copy the very pages that we have,
//! and makes a second one of a page when somebody writes to it.
#![cfg(unix)]

use std::io::{self, Read, Write};
use std::iter;

use rustix::process::{Pid, WaitOptions, waitpid};

use crate::kernel::{self, Memory};

/// What a copy of us had in memory, and what became of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// What the copy had before it wrote, and after each part that it wrote.
    pub copy: Vec<Memory>,
    /// Whether all of our bytes are still what they were.
    pub ours_unchanged: bool,
}

/// Fills `bytes` of memory, forks, and has the copy write over all of it, in `parts`
/// equal parts; how much of its memory the copy shares with us, each time.
///
/// # Errors
/// When the kernel refuses a process, a pipe or the numbers: only Linux has them, the
/// others give [`io::ErrorKind::Unsupported`].
// ANCHOR: copy_on_write
pub fn copy_on_write(bytes: usize, parts: usize) -> io::Result<Copied> {
    kernel::memory_of("self")?;
    let mut buffer = vec![1_u8; bytes];
    let part = bytes.div_ceil(parts.max(1)).max(1);
    let (mut go_on, mut to_copy) = io::pipe()?;
    let (mut from_copy, mut done) = io::pipe()?;
    // SAFETY: as in `counter`: until it ends by `_exit`, the copy neither allocates nor
    // locks nor prints. It writes into memory that is there already, and a byte into
    // a pipe for each byte from the other, and closes two descriptors.
    let copy = unsafe { libc::fork() };
    if copy == 0 {
        drop((to_copy, from_copy));
        let mut byte = [0];
        let mut well = done.write_all(&byte).is_ok();
        for part in buffer.chunks_mut(part) {
            well = well && go_on.read_exact(&mut byte).is_ok();
            // One byte a page is enough: the kernel copies whole pages, of 4 KiB or more.
            part.iter_mut().step_by(4096).for_each(|byte| *byte = 2);
            std::hint::black_box(part);
            well = well && done.write_all(&byte).is_ok();
        }
        // It stays until we have looked at it, and have closed the pipe.
        let _ = go_on.read(&mut byte);
        // SAFETY: ends the process at once, without what `exit` would run in the parent's
        // name.
        unsafe { libc::_exit(i32::from(!well)) };
    }
    if copy < 0 {
        return Err(io::Error::last_os_error());
    }
    drop((go_on, done));
    let mut look = |wrote: bool| -> io::Result<Memory> {
        if wrote {
            to_copy.write_all(&[0])?;
        }
        from_copy.read_exact(&mut [0])?;
        kernel::memory_of(&copy.to_string())
    };
    let parts = buffer.chunks(part).map(|_| true);
    let seen: io::Result<_> = iter::once(false).chain(parts).map(&mut look).collect();
    drop(to_copy);
    let _ = waitpid(Pid::from_raw(copy), WaitOptions::empty());
    Ok(Copied {
        copy: seen?,
        ours_unchanged: buffer.iter().all(|byte| *byte == 1),
    })
}
// ANCHOR_END: copy_on_write
