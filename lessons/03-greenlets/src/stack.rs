//! What a coroutine's stack costs, and how many there can be.
//!
//! A coroutine of may has a stack of its own, a mapping of memory with a guard page below
//! it. Its size is chosen when it starts and never grows. Linux counts mappings, and has
//! a limit for them.

use std::sync::Arc;
use std::{fs, io};

use may::coroutine::Builder;
use may::go;

/// Bytes in a word, in which may counts stacks.
pub const WORD: usize = size_of::<usize>();

/// Goes `depth` calls deep, each with some hundred bytes of its own, and comes back with
/// the depth.
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
    /// Whether a value that lay on the stack was dropped.
    pub dropped: bool,
}

/// [`dig`]s in a coroutine with a stack of `bytes`.
///
/// Too deep for its stack, it runs into the guard page and the kernel sends SIGSEGV. A
/// handler of may's catches it and gives this coroutine up: whoever joins it gets an
/// error. Its stack is *not* unwound, so nothing on it is ever dropped: a lock that it
/// held stays locked.
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

/// How many mappings of memory a process may have (`vm.max_map_count`), where the system
/// says so. A coroutine takes two: its stack and the guard page below.
pub fn max_mappings() -> Option<usize> {
    fs::read_to_string("/proc/sys/vm/max_map_count")
        .ok()?
        .trim()
        .parse()
        .ok()
}
