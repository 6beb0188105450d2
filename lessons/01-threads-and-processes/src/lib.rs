//! Threads and processes: what two of them share, and what the kernel keeps for each.
//!
//! A program that does one thing after another needs neither. As soon as it has to wait
//! for two things at once, it needs a second thread or a second process, and the first
//! question is what the two share. [`counter`] answers it by experiment: the same
//! counter, incremented by two threads and by two processes. [`pages`] shows that the
//! kernel copies memory for the second process only when it must. [`kernel`] reads what
//! the operating system keeps for each thread. [`thread`](mod@thread) and [`process`] are
//! the ways to start one, to hand it work and to learn how it ended.

pub mod counter;
pub mod kernel;
pub mod pages;
pub mod process;
pub mod thread;
// A solution says `units::`, as an answer does, so that one can replace the other.
extern crate self as units;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;
