//! What Linux shows about an open descriptor in `/proc`.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Returns the kernel's name for the open file behind a descriptor: `socket:[4711]`,
/// `pipe:[12]`, or a path.
///
/// # Errors
/// Returns an error where there is no `/proc`, which is everywhere but on Linux.
pub fn what(descriptor: impl AsFd) -> io::Result<String> {
    if !cfg!(target_os = "linux") {
        return Err(io::Error::other("/proc is Linux's; try `lsof -p PID` here"));
    }
    // ANCHOR: what
    let link = std::fs::read_link(path(descriptor))?; // such as "/proc/self/fd/4"
    Ok(link.to_string_lossy().into_owned())
    // ANCHOR_END: what
}

/// Returns the path under which Linux shows this process its own descriptor.
pub fn path(descriptor: impl AsFd) -> String {
    format!("/proc/self/fd/{}", descriptor.as_fd().as_raw_fd())
}
