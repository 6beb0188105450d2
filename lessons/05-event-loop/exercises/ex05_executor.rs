//! # An executor
//!
//! An `async fn` returns a future, and a future does nothing until it is polled. The
//! chapter's `block_on` polls one. Write an executor that polls many, one after another,
//! on one thread.
//!
//! - `spawn` adds a task, and does not poll it. A new task is ready.
//! - `run_ready` polls each task that is ready once, in the order in which they became
//!   ready, and returns how many it polled. A task that becomes ready during the call waits
//!   for the next call, whether another task woke it or the task itself did.
//! - A task that is woken twice before its poll is polled once. A task that is woken during
//!   its poll is ready again.
//! - A task that has ended is dropped at once, before the next task is polled. Waking it
//!   later does nothing, and does not wake another task.
//! - A waker works from any thread.
//! - `len` returns the number of tasks that have not ended.
//!
//! Make the waker from an `Arc` (`std::task::Wake`); you need no `unsafe`.
//!
//! Try it: `cargo test --test ex05_executor`

// You will need most of these:
// use std::collections::{HashMap, VecDeque};
// use std::pin::Pin;
// use std::sync::atomic::{AtomicBool, Ordering};
// use std::sync::{Arc, Mutex};
// use std::task::{Context, Wake, Waker};

/// Polls tasks, one after another.
#[derive(Default)]
pub struct Executor {
    // Yours to fill.
}

impl Executor {
    /// Adds a task, which is ready.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + 'static) {
        drop(task); // delete this line
        todo!("exercise ex05_executor: spawn")
    }

    /// Polls each task that is ready now, once. Returns how many it polled.
    pub fn run_ready(&mut self) -> usize {
        todo!("exercise ex05_executor: run_ready")
    }

    /// Returns the number of tasks that have not ended.
    #[allow(
        clippy::len_without_is_empty,
        reason = "the exercise needs no is_empty"
    )]
    pub fn len(&self) -> usize {
        todo!("exercise ex05_executor: len")
    }
}
