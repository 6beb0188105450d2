//! The parts of std, tokio and futures with which tasks wait for each other. The models in
//! `model.rs` replace them by shuttle's.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
pub(crate) use std::sync::{Mutex, MutexGuard};

pub(crate) use futures_util::task::AtomicWaker;
pub(crate) use tokio::time::sleep_until;

/// Now, on tokio's clock: tests can stop it.
pub(crate) fn now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

/// Starts a task that ends by itself.
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}
