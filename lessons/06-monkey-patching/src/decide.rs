//! The one question of every patched call: may this caller be parked?
//!
//! It is asked after the call was tried without waiting, and only when there was nothing:
//! a call that can be answered at once costs nothing more than it did.

/// What is known about a call that would have to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The caller runs in a coroutine.
    pub in_coroutine: bool,
    /// The descriptor is non-blocking (`O_NONBLOCK`).
    pub nonblocking: bool,
    /// This one call asked not to wait (`MSG_DONTWAIT`).
    pub dont_wait: bool,
}

/// What to do with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Give it to the C library, and give back what that gives.
    Pass,
    /// Park the coroutine until the descriptor is ready, then try again.
    Park,
}

/// Whether a call is the C library's, or ours.
// ANCHOR: decide
pub fn decide(moment: Moment) -> Decision {
    if moment.in_coroutine && !moment.nonblocking && !moment.dont_wait {
        Decision::Park
    } else {
        Decision::Pass
    }
}
// ANCHOR_END: decide

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_coroutine_that_would_block_is_parked() {
        for bits in 0..8_u8 {
            let moment = Moment {
                in_coroutine: bits & 1 != 0,
                nonblocking: bits & 2 != 0,
                dont_wait: bits & 4 != 0,
            };
            let wanted = if bits == 1 {
                Decision::Park
            } else {
                Decision::Pass
            };
            assert_eq!(decide(moment), wanted, "{moment:?}");
        }
    }
}
