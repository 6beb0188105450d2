//! Copy on write: how little a `fork` copies, measured with the kernel's own counts.
//!
//! [`counter`](crate::counter) shows that two processes have two counters. It does not
//! show that the kernel puts off the copying: after a `fork`, both processes use the same
//! pages of memory, and the kernel copies a page only when one of the two writes to it.
#![cfg(unix)]

use std::io::{self, Read, Write};
use std::iter;

use crate::counter::reap;
use crate::kernel::{self, Memory};

/// The memory of a forked child over time, and whether ours stayed as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The child's memory before it wrote anything, and after each part that it wrote.
    pub copy: Vec<Memory>,
    /// Whether all of our bytes still have their old values.
    pub ours_unchanged: bool,
}

/// Fills `bytes` of memory, forks, and lets the child overwrite all of it in `parts`
/// equal parts. Returns the child's memory before the first part and after each part.
///
/// # Errors
/// Returns an error if the kernel refuses to create a process or a pipe. Only Linux
/// publishes the counts; elsewhere the error is [`io::ErrorKind::Unsupported`].
// ANCHOR: copy_on_write
pub fn copy_on_write(bytes: usize, parts: usize) -> io::Result<Copied> {
    kernel::memory_of("self")?;
    let mut buffer = vec![1_u8; bytes];
    let part = bytes.div_ceil(parts.max(1)).max(1);
    let (mut go_on, mut to_child) = io::pipe()?;
    let (mut from_child, mut done) = io::pipe()?;
    // SAFETY: as in `counter`: until it ends with `_exit`, the child does not allocate,
    // lock or print. It writes into memory that exists already, answers each byte from
    // one pipe with a byte into the other, and closes two descriptors.
    let child = unsafe { libc::fork() };
    if child == 0 {
        drop((to_child, from_child));
        let mut byte = [0];
        let mut well = done.write_all(&byte).is_ok();
        for part in buffer.chunks_mut(part) {
            well = well && go_on.read_exact(&mut byte).is_ok();
            // One byte per page is enough: the kernel copies whole pages, and no page is
            // smaller than 4 KiB.
            part.iter_mut().step_by(4096).for_each(|byte| *byte = 2);
            std::hint::black_box(part);
            well = well && done.write_all(&byte).is_ok();
        }
        // Stays alive until the parent has looked at it and closes the pipe.
        let _ = go_on.read(&mut byte);
        // SAFETY: `_exit` ends the process at once, without the handlers that `exit`
        // would run.
        unsafe { libc::_exit(i32::from(!well)) };
    }
    if child < 0 {
        return Err(io::Error::last_os_error());
    }
    drop((go_on, done));
    let mut look = |wrote: bool| -> io::Result<Memory> {
        if wrote {
            to_child.write_all(&[0])?;
        }
        from_child.read_exact(&mut [0])?;
        kernel::memory_of(&child.to_string())
    };
    let parts = buffer.chunks(part).map(|_| true);
    let seen: io::Result<_> = iter::once(false).chain(parts).map(&mut look).collect();
    drop(to_child);
    reap(child);
    Ok(Copied {
        copy: seen?,
        ours_unchanged: buffer.iter().all(|byte| *byte == 1),
    })
}
// ANCHOR_END: copy_on_write
