//! The event loop: one thread asks the kernel which of its sockets are ready, and runs the
//! code that was waiting for them.
//!
//! A [`Reactor`] owns its [`Poller`], its timers and its callbacks. Nothing is global, so
//! every test creates its own loop, and two can run in one process. From the bottom up:
//! [`Poll`] and [`Epoll`] report readiness, [`Timers`] keeps deadlines, [`Remote`] wakes
//! the loop from another thread, [`Disk`] reads files on a thread, and [`Executor`] runs
//! `async fn`s on all of it. [`block_on`], [`select`] and [`states`] show the parts of
//! `async` one at a time.

mod block_on;
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
mod select;
pub mod states;
mod stream;
mod timers;
// A solution writes `event_loop::` as an answer does, so either can stand in for the other.
extern crate self as event_loop;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;

pub use block_on::block_on;
pub use disk::Disk;
#[cfg(target_os = "linux")]
pub use epoll::Epoll;
pub use executor::{Executor, Handle};
pub use poll::Poll;
pub use poller::{Interest, Poller, Ready, Source, Token, Trigger, best_poller};
pub use reactor::Reactor;
pub use remote::Remote;
pub use select::{Either, select};
pub use stream::{Listener, Stream};
pub use timers::{TimerId, Timers};
