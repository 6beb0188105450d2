//! # Pass, give back, or park
//!
//! A program has called a patched function. Decide what the patch does with the call. It
//! has already tried the call once without waiting; `outcome` says how that ended. (If
//! you pass the call on, ignore `outcome`.)
//!
//! - Outside a coroutine: `Pass`. The C library's own function is called as if the patch
//!   did not exist.
//! - The call has the flag `MSG_DONTWAIT`: `Pass` as well.
//! - The try had a result, or failed with any error but `EAGAIN`: `GiveBack`. The caller
//!   gets that result or that error.
//! - The try failed with `EAGAIN` on a non-blocking descriptor: `GiveBack`. Its owner
//!   asked for exactly this error.
//! - The try failed with `EAGAIN` in any other case: `Park`.
//!
//! Try it: `cargo test --test ex06_decide`

/// How the try without waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It had a result.
    Done,
    /// It failed with `EAGAIN`: nothing is there yet.
    NothingYet,
    /// It failed with another error.
    Failed,
}

/// A patched call, and what is known about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The caller runs in a coroutine.
    pub in_coroutine: bool,
    /// The call has the flag `MSG_DONTWAIT`.
    pub dont_wait: bool,
    /// The descriptor has the flag `O_NONBLOCK`.
    pub nonblocking: bool,
    /// How the try without waiting ended.
    pub outcome: Outcome,
}

/// The decision about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Calls the C library's function with the same arguments.
    Pass,
    /// Returns to the caller what the try returned.
    GiveBack,
    /// Parks the coroutine until the descriptor is ready, then tries again.
    Park,
}

/// Decides what to do with this call.
pub fn decide(call: Call) -> Decision {
    // This line only silences the compiler: delete it.
    let _ = call;
    todo!("exercise ex06_decide")
}
