//! What the kernel shows of a descriptor: a number that stands for something open.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// What stands behind a descriptor, as the kernel names it: `socket:[4711]`, `pipe:[12]`,
/// or a path.
///
/// # Errors
/// Where there is no `/proc` (anywhere but on Linux).
// ANCHOR: what
pub fn what(descriptor: impl AsFd) -> io::Result<String> {
    if !cfg!(target_os = "linux") {
        return Err(io::Error::other("/proc is Linux's; try `lsof -p PID` here"));
    }
    let link = std::fs::read_link(path(descriptor))?;
    Ok(link.to_string_lossy().into_owned())
}

/// The path under which Linux shows this process its own descriptor.
pub fn path(descriptor: impl AsFd) -> String {
    format!("/proc/self/fd/{}", descriptor.as_fd().as_raw_fd())
}
// ANCHOR_END: what
