//! The order of the questions is the order of the work: who asks, then what came, and
//! only then what was asked for.
//!
//! `O_NONBLOCK` matters only after `EAGAIN`. That is also why the patch can afford to ask
//! the kernel for the flag each time: a call that succeeds never pays for it.

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
    if !call.in_coroutine || call.dont_wait {
        return Step::PassOn;
    }
    match call.first {
        First::NothingYet if !call.nonblocking => Step::Park,
        First::Done | First::NothingYet | First::Failed => Step::GiveBack,
    }
}
