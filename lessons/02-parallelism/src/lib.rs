//! Concurrency is not parallelism.
//!
//! Two tasks are *concurrent* while both are in progress; they are *parallel* while both
//! execute at the same moment. For most of its life CPython had concurrent threads that
//! were never parallel, because of one lock: [`gil`] is that lock, and [`interpreter`] runs
//! small programs with and without it. [`gate`] shows the condition variable that such a
//! lock is built from. [`spread`] puts work on all cores in three ways, [`sharing`] shows
//! how cores slow each other down, [`order`] which results stay the same from run to run,
//! and [`amdahl`] how much there is to gain.

pub mod amdahl;
pub mod gate;
pub mod gil;
pub mod interpreter;
pub mod order;
pub mod sharing;
pub mod spread;
// A solution uses the library under the same name as an answer, so that either can be
// replaced by the other.
extern crate self as parallelism;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;
