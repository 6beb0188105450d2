//! The locks and atomics of [`gate`](crate::gate), in one place, so that a model checker
//! can put its own there.

pub(crate) use std::sync::atomic::{AtomicU8, Ordering};
pub(crate) use std::sync::{Mutex, MutexGuard, PoisonError};
