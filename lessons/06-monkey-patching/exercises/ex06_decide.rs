//! # Pass, give back, or park
//!
//! A patched call has been made. Say what the patch does with it. The call was already
//! tried once without waiting, and `first` is what came of it (when you pass a call on,
//! that is not looked at).
//!
//! - Outside a coroutine the C library's own function is called as if we were not there:
//!   `PassOn`.
//! - A call that asked not to wait (`MSG_DONTWAIT`) is passed on as well.
//! - When the first try gave a result, or an error other than `EAGAIN`, that is what the
//!   caller gets: `GiveBack`.
//! - `EAGAIN` on a non-blocking descriptor is what the caller wants to know: `GiveBack`.
//! - `EAGAIN` in every other case: `Park`, and try again later.
//!
//! Try it: `cargo test --test ex06_decide`

/// What the try without waiting gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// A result.
    Done,
    /// The error `EAGAIN`: nothing there yet.
    NothingYet,
    /// Another error.
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
    /// What the try without waiting gave.
    pub first: First,
}

/// What the patch does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Calls the C library's function with the same arguments.
    PassOn,
    /// Gives the caller what the first try gave.
    GiveBack,
    /// Parks the coroutine until the descriptor is ready, and tries again.
    Park,
}

/// What to do with this call.
pub fn decide(call: Call) -> Step {
    let _ = call;
    todo!("exercise ex06_decide")
}
