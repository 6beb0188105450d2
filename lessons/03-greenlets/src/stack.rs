//! How large a coroutine's stack is, and how many there can be.
//!
//! The stack of a `may` coroutine is a mapping of memory with a guard page below it. Its
//! size is chosen when the coroutine starts, and never grows. Linux limits the number of
//! mappings.

use std::sync::Arc;
use std::{fs, io};

use may::coroutine::Builder;
use may::go;

/// The bytes in a word, the unit in which `may` counts stack sizes.
pub const WORD: usize = size_of::<usize>();

/// Calls itself `depth` times, with a few hundred bytes on the stack for each call, and
/// returns the depth.
#[inline(never)]
pub fn dig(depth: u32) -> u32 {
    let ballast = std::hint::black_box([1_u8; 256]);
    if depth == 0 {
        return u32::from(ballast[0]) - 1;
    }
    dig(depth - 1) + u32::from(ballast[usize::try_from(depth).unwrap_or(0) % 256])
}

/// How digging ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dug {
    /// The depth, or `None` when the stack was too small.
    pub depth: Option<u32>,
    /// Whether a value on the stack was dropped.
    pub dropped: bool,
}

/// [`dig`]s in a coroutine with a stack of `bytes`.
///
/// A call that is too deep touches the guard page, and the kernel sends SIGSEGV. A
/// handler in the crate `generator` abandons the coroutine, and `join` returns an error.
/// Its stack is *not* unwound, so nothing on it is ever dropped: a lock that it held
/// stays locked.
///
/// # Errors
/// When there is no memory for the stack.
pub fn dig_in(bytes: usize, depth: u32) -> io::Result<Dug> {
    let on_the_stack = Arc::new(());
    let copy = on_the_stack.clone();
    let digging = go!(Builder::new().stack_size(bytes / WORD), move || {
        let depth = dig(depth);
        drop(copy);
        depth
    })?;
    let depth = digging.join().ok();
    Ok(Dug {
        depth,
        dropped: Arc::strong_count(&on_the_stack) == 1,
    })
}

/// Returns how many mappings of memory a process can have (`vm.max_map_count`), if the
/// system has such a limit. A coroutine needs two: its stack and the guard page.
pub fn max_mappings() -> Option<usize> {
    fs::read_to_string("/proc/sys/vm/max_map_count")
        .ok()?
        .trim()
        .parse()
        .ok()
}
