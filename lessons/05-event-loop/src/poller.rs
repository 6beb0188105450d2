//! The trait [`Poller`]: the seam between the loop and the kernel's two calls that report
//! readiness, poll(2) and epoll(7).
//!
//! Readiness carries no data. It says that a call would not block now; the call still has
//! to be made, and has the last word.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

/// A descriptor to watch. Shared ownership keeps it open, and its number from being
/// reused, for as long as it is watched.
pub type Source = Arc<dyn AsFd + Send + Sync>;

/// The caller's name for a source, returned with each report about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub u64);

/// Which kinds of readiness to report for a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interest {
    /// A read would not block: there are bytes, a connection to accept, the end of file
    /// or an error.
    pub readable: bool,
    /// A write would not block: the kernel's buffer has room, or there is an error.
    pub writable: bool,
}

impl Interest {
    /// Nothing, for now.
    pub const NONE: Self = Self {
        readable: false,
        writable: false,
    };
    /// Readable only.
    pub const READABLE: Self = Self {
        readable: true,
        writable: false,
    };
    /// Writable only.
    pub const WRITABLE: Self = Self {
        readable: false,
        writable: true,
    };
    /// Both.
    pub const BOTH: Self = Self {
        readable: true,
        writable: true,
    };
}

/// How often a source that stays ready is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// At every wait, for as long as it is ready.
    Level,
    /// Once when something new happens, and not again until something else does.
    Edge,
}

/// A wait's report about one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// Which source.
    pub token: Token,
    /// A read would not block. That includes the end of file and errors; the read itself
    /// will report which.
    pub readable: bool,
    /// A write would not block. That includes errors.
    pub writable: bool,
}

// ANCHOR: poller
/// Waits for many sources at once.
pub trait Poller {
    /// Returns the name of the underlying call.
    fn name(&self) -> &'static str;

    /// Starts to watch `source` and names it `token`.
    ///
    /// # Errors
    /// Returns `AlreadyExists` if the token is in use, `Unsupported` for a trigger that
    /// the call does not have, and the kernel's errors (`PermissionDenied` if epoll is
    /// given a regular file).
    fn add(
        &mut self,
        token: Token,
        source: Source,
        interest: Interest,
        trigger: Trigger,
    ) -> io::Result<()>;

    /// Replaces the interest in a source.
    ///
    /// # Errors
    /// Returns `NotFound` for an unknown token, and the kernel's errors.
    fn change(&mut self, token: Token, interest: Interest) -> io::Result<()>;

    /// Stops watching a source.
    ///
    /// # Errors
    /// Returns `NotFound` for an unknown token, and the kernel's errors.
    fn remove(&mut self, token: Token) -> io::Result<()>;

    /// Waits until a source is ready or `timeout` expires (`None`: no timeout), and
    /// replaces the contents of `found` with a report for each ready source. If a signal
    /// interrupts the wait, `found` is left empty.
    ///
    /// # Errors
    /// Returns the kernel's errors.
    fn wait(
        &mut self,
        found: &mut Vec<Ready>,
        timeout: Option<Duration>,
    ) -> io::Result<()>;
}
// ANCHOR_END: poller

/// Returns the best poller for this system: [`crate::Epoll`] on Linux, [`crate::Poll`]
/// elsewhere.
///
/// # Errors
/// Returns an error if the process has no descriptor left.
pub fn best_poller() -> io::Result<Box<dyn Poller>> {
    #[cfg(target_os = "linux")]
    return Ok(Box::new(crate::Epoll::new()?));
    #[cfg(not(target_os = "linux"))]
    Ok(Box::new(crate::Poll::default()))
}

/// Converts a timeout to the kernel's type. One that is too long for it means no timeout.
pub(crate) fn timespec(timeout: Option<Duration>) -> Option<rustix::event::Timespec> {
    timeout.and_then(|timeout| timeout.try_into().ok())
}
