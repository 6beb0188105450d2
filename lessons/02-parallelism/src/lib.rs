//! Concurrent is not parallel.
//!
//! Two things are *concurrent* when both are under way; they are *parallel* when both
//! move at the same moment. Python's threads were concurrent and never parallel, for one
//! lock, and [`gil`] is that lock. [`interpreter`] runs small programs under it and
//! without it. [`spread`] puts work on all cores, in three ways; [`sharing`] shows how
//! cores disturb each other; [`order`] what is the same in each run and what is not;
//! [`amdahl`] how much there is to gain.

pub mod amdahl;
pub mod gil;
pub mod interpreter;
pub mod order;
pub mod sharing;
pub mod spread;
// A solution says `parallelism::` as an answer does, so that the one can be put in the
// place of the other.
extern crate self as parallelism;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;
