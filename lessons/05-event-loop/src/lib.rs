//! The event loop: one thread asks the kernel which of its sockets have something to do,
//! and does that.
//!
//! Everything is a value. A [`Reactor`] owns its [`Poller`], its timers and its
//! callbacks; there is no global loop, so a test makes one of its own, and two can run in
//! one process. From the bottom: [`Poll`] and [`Epoll`] tell readiness, [`Timers`] keeps
//! deadlines, [`Remote`] wakes the loop from another thread, [`Disk`] reads files in a
//! thread, and [`Executor`] runs `async fn`s on all of it.

mod disk;
pub mod echo;
#[cfg(target_os = "linux")]
mod epoll;
mod executor;
pub mod limits;
pub mod load;
mod poll;
mod poller;
pub mod process;
mod reactor;
mod remote;
mod stream;
mod timers;
// A solution says `event_loop::` as an answer does, so that the one can be put in the
// place of the other.
extern crate self as event_loop;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;

pub use disk::Disk;
#[cfg(target_os = "linux")]
pub use epoll::Epoll;
pub use executor::{Executor, Handle};
pub use poll::Poll;
pub use poller::{Interest, Poller, Ready, Source, Token, Trigger, best_poller};
pub use reactor::Reactor;
pub use remote::Remote;
pub use stream::{Listener, Stream};
pub use timers::{TimerId, Timers};
