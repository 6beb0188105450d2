//! Coroutines: functions that can stop in the middle and resume where they stopped.
//!
//! gevent calls them greenlets. [`switch`] builds the mechanism at the bottom: a greenlet
//! that names the one that runs next. The other modules are gevent's tools, written with
//! [`may`](https://docs.rs/may):
//!
//! * start and stop: [`spawn`](mod@spawn), [`cancel`](mod@cancel), [`timeout`],
//!   [`shutdown`]
//! * wait for one thing: [`event`], [`queue`], [`subprocess`]
//! * wait for many: [`pool`], [`select`](mod@select)
//! * share: [`race`], [`local`], [`actor`]
//!
//! [`stack`] shows what a coroutine's stack costs, and [`two_ways`] is the same program
//! with and without stacks.

pub mod actor;
pub mod cancel;
pub mod event;
pub mod local;
pub mod pool;
pub mod queue;
pub mod race;
pub mod select;
pub mod shutdown;
pub mod spawn;
pub mod stack;
pub mod subprocess;
pub mod switch;
pub mod timeout;
pub mod two_ways;
// A solution says `greenlets::` just as an answer does, so that it can replace one.
extern crate self as greenlets;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;
