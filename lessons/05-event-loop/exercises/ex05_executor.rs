//! # An executor
//!
//! An `async fn` is a value that does nothing. Write the two things that make it run:
//! `block_on`, which runs one future and lets the thread sleep meanwhile, and `Executor`,
//! which runs many, in turn, in one thread.
//!
//! `block_on`
//! - polls the future, and when it is pending, sleeps until its waker has been called,
//!   from whatever thread. A wake that comes before it sleeps is not lost: it does not
//!   sleep then. It returns what the future gives.
//!
//! `Executor`
//! - `spawn` takes a task. It is ready at once, so that it is polled a first time.
//! - `run_ready` polls each task that is ready, once, in the order in which they became
//!   ready, and gives how many it polled. A task that becomes ready meanwhile waits for
//!   the next call: nobody can keep the others out.
//! - A task that is woken twice before it is polled is polled once. One that is woken
//!   while it is being polled is ready again. One that has ended is dropped at once, and
//!   waking it is harmless.
//! - `len` says how many tasks have not ended.
//!
//! Make the waker of an `Arc` (`std::task::Wake`); no `unsafe` is needed.
//!
//! Try it: `cargo test --test ex05_executor`

/// Runs a future to its end; the thread sleeps while there is nothing to do.
pub fn block_on<F: Future>(future: F) -> F::Output {
    drop(future);
    todo!("exercise ex05_executor: block_on")
}

/// Runs tasks in turn.
#[derive(Default)]
pub struct Executor {
    // Yours to fill.
}

impl Executor {
    /// Takes a task, which is ready.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + 'static) {
        drop(task);
        todo!("exercise ex05_executor: spawn")
    }

    /// Polls each task that is ready now, once; how many that were.
    pub fn run_ready(&mut self) -> usize {
        todo!("exercise ex05_executor: run_ready")
    }

    /// How many tasks have not ended.
    #[allow(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        todo!("exercise ex05_executor: len")
    }
}
