//! Caught by: a_result_is_given_back
//!
//! The misconception: the try only checked, and the real call is still to be made.

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
    if !call.in_coroutine || call.dont_wait || call.outcome == Outcome::Done {
        return Decision::Pass;
    }
    match call.outcome {
        Outcome::NothingYet if !call.nonblocking => Decision::Park,
        Outcome::Done | Outcome::NothingYet | Outcome::Failed => Decision::GiveBack,
    }
}
