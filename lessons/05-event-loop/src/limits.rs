//! How many descriptors this process may have. The soft limit is a program's own to
//! raise, up to the hard one.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

// ANCHOR: raise
/// Sees that `wanted` descriptors can be open at once.
///
/// # Errors
/// When the hard limit is lower; the text says what to do.
pub fn allow_open_files(wanted: u64) -> io::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    if let Some(hard) = maximum.filter(|hard| *hard < wanted) {
        let why = format!(
            "{wanted} open files are needed and the hard limit is {hard}: ask for fewer connections, or raise it \
             as root (`ulimit -Hn {wanted}`)"
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
