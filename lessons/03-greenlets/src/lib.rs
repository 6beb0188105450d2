//! Coroutines: functions that can stop in the middle, and go on later where they stopped.
//!
//! gevent calls them greenlets. [`switch`] builds what lies at the bottom, one that names
//! who goes on next; the other modules are gevent's tools with [may](https://docs.rs/may), one a file: [`spawn`](mod@spawn), [`timeout`],
//! [`event`], [`queue`], [`pool`], [`local`], [`select`](mod@select),
//! [`cancel`](mod@cancel), [`shutdown`], [`subprocess`], [`actor`]. [`race`] shows what
//! they do not protect from, [`stack`] what they cost, and [`two_ways`] is one program
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
// A solution says `greenlets::` as an answer does, so that the one can be put in the
// place of the other.
extern crate self as greenlets;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;
