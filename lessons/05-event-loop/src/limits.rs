//! The limit on open files. A program can raise its own soft limit, up to the hard limit.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

// ANCHOR: raise
/// Raises the soft limit so that `wanted` descriptors can be open at once.
///
/// # Errors
/// Returns an error that says what to do if the hard limit is lower.
pub fn allow_open_files(wanted: u64) -> io::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    if let Some(hard) = maximum.filter(|hard| *hard < wanted) {
        let why = format!(
            "this needs {wanted} open files and the hard limit is {hard}: ask for fewer \
             connections, or raise it as root (`ulimit -Hn {wanted}`)"
        );
        return Err(io::Error::other(why));
    }
    Ok(setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(wanted),
            maximum,
        },
    )?)
}
// ANCHOR_END: raise
