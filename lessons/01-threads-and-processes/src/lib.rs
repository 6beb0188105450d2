//! Threads and processes: what two units of execution share, and what the kernel keeps
//! for each.
//!
//! A program that does one thing after another needs neither. As soon as it has to wait
//! for two things at once it needs a second unit of execution, and the first question is
//! then what the two share. [`counter`] answers it by experiment: the same counter,
//! raised by two threads and by two processes; [`pages`] shows how lazily the kernel
//! copies memory for the second process. [`kernel`] reads what the operating system keeps
//! for each, [`thread`](mod@thread) and [`process`] are the ways to start one, to hand it
//! work and to learn how it ended.

pub mod counter;
pub mod kernel;
pub mod pages;
pub mod process;
pub mod thread;
// A solution says `units::` as an answer does, so that the one can be put in the place of
// the other.
extern crate self as units;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;
