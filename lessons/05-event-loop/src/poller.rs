//! What a source of readiness can do, whoever does it: the seam between the loop and the
//! kernel's two ways to ask.
//!
//! Readiness is not a message. It says that a call would not wait now; the call still has
//! to be made.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

/// What is watched. Shared, so that no descriptor is closed (and its number given to
/// another) while it is watched.
pub type Source = Arc<dyn AsFd + Send + Sync>;

/// The name under which a source is watched, chosen by who watches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub u64);

/// What somebody wants to hear about a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interest {
    /// That a read would not wait: there are bytes, a connection to accept, the end or
    /// an error.
    pub readable: bool,
    /// That a write would not wait: the kernel's buffer has room, or there is an error.
    pub writable: bool,
}

impl Interest {
    /// Nothing for now.
    pub const NONE: Self = Self {
        readable: false,
        writable: false,
    };
    /// Only what can be read.
    pub const READABLE: Self = Self {
        readable: true,
        writable: false,
    };
    /// Only what can be written.
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

/// How often somebody wants to hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// At every wait for as long as it is so.
    Level,
    /// Once when it becomes so, and then not again before something new has come.
    Edge,
}

/// What a wait found about one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// Which source.
    pub token: Token,
    /// A read would not wait. The end of a stream and an error count too: the read tells
    /// which.
    pub readable: bool,
    /// A write would not wait. An error counts too.
    pub writable: bool,
}

// ANCHOR: poller
/// A way to wait for many sources at once.
pub trait Poller {
    /// The name of the call behind it.
    fn name(&self) -> &'static str;

    /// Watches `source` under `token`.
    ///
    /// # Errors
    /// `AlreadyExists` when the token is taken, `Unsupported` for a trigger that the call
    /// does not have, and what the kernel says (`PermissionDenied` when epoll is
    /// given a regular file).
    fn add(
        &mut self,
        token: Token,
        source: Source,
        interest: Interest,
        trigger: Trigger,
    ) -> io::Result<()>;

    /// Wants to hear something else from now on.
    ///
    /// # Errors
    /// `NotFound` for an unknown token, and what the kernel says.
    fn change(&mut self, token: Token, interest: Interest) -> io::Result<()>;

    /// Forgets a source.
    ///
    /// # Errors
    /// `NotFound` for an unknown token, and what the kernel says.
    fn remove(&mut self, token: Token) -> io::Result<()>;

    /// Waits until a source is ready or `timeout` is over (`None`: for ever), and puts
    /// what it found into `found`, which it empties first. A signal ends the wait
    /// with nothing found.
    ///
    /// # Errors
    /// What the kernel says.
    fn wait(
        &mut self,
        found: &mut Vec<Ready>,
        timeout: Option<Duration>,
    ) -> io::Result<()>;
}
// ANCHOR_END: poller

/// The best that this system has: [`crate::Epoll`] on Linux, [`crate::Poll`] elsewhere.
///
/// # Errors
/// When the kernel has no descriptor left.
pub fn best_poller() -> io::Result<Box<dyn Poller>> {
    #[cfg(target_os = "linux")]
    return Ok(Box::new(crate::Epoll::new()?));
    #[cfg(not(target_os = "linux"))]
    Ok(Box::new(crate::Poll::default()))
}

/// A timeout as the kernel takes it; what is too long for it is for ever.
pub(crate) fn timespec(timeout: Option<Duration>) -> Option<rustix::event::Timespec> {
    timeout.and_then(|timeout| timeout.try_into().ok())
}
