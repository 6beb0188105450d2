//! Log lines that clients cause, at most one a minute of each kind.
//!
//! A client that can make the server write a line for each of its requests can fill the
//! disk. So what clients do wrong is logged at debug level, or, where an operator has to
//! know of it, counted here.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const PAUSE: Duration = Duration::from_secs(60);

/// Counts events of one kind, and says when it is time for a line about them.
#[derive(Debug, Default)]
pub(crate) struct Occasionally(Mutex<(Option<Instant>, u64)>);

impl Occasionally {
    /// Counts an event. Returns how many there were since the last line, if it is time
    /// for another one.
    pub(crate) fn count(&self) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, events) = &mut *state;
        *events += 1;
        let now = Instant::now();
        if last.is_some_and(|last| now < last + PAUSE) {
            return None;
        }
        *last = Some(now);
        Some(std::mem::take(events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn there_is_one_line_a_minute_and_it_counts_the_others() {
        let refused = Occasionally::default();
        assert_eq!(refused.count(), Some(1), "the first is logged at once");
        for _ in 0..1000 {
            assert_eq!(refused.count(), None);
        }
        tokio::time::advance(PAUSE).await;
        assert_eq!(refused.count(), Some(1001));
        assert_eq!(refused.count(), None);
    }
}
