//! Calls into the application: a panic there ends the work that the call was for, and
//! nothing else.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls into the application. A panic there is logged and goes no further.
pub(crate) fn guarded<R>(what: &str, call: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(call))
        .inspect_err(|panic| log_panic(what, &**panic))
        .ok()
}

pub(crate) fn log_panic(what: &str, panic: &(dyn Any + Send)) {
    tracing::error!(callback = what, panic = text(panic), "panicked");
}

fn text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or_default()
}
