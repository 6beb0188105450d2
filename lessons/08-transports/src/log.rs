//! The last events, numbered: what makes it possible to come back.
//!
//! A client of a transport that polls is away between two answers, and a stream breaks
//! when a train enters a tunnel. If each event has a number and the server keeps the last
//! of them, then "what came after number 41?" is a question that any client can ask at
//! any time, and the server has to remember nothing about who has seen what.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Counts from 1, without a gap.
    pub id: u64,
    /// When it was published, in microseconds since 1970.
    pub at: u64,
    /// What it says.
    pub data: String,
}

impl Event {
    /// The event as one line of JSON.
    pub fn json(&self) -> String {
        serde_json::json!({ "id": self.id, "at": self.at, "data": self.data }).to_string()
    }
}

/// A client asked for events that are gone, or that never were: it has to begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("events after {after} are not kept: there are {first} to {last}")]
pub struct Missed {
    /// The last that the client has seen.
    pub after: u64,
    /// The oldest that is kept.
    pub first: u64,
    /// The newest.
    pub last: u64,
}

/// The last `capacity` events.
#[derive(Debug)]
pub struct Log {
    events: VecDeque<Arc<Event>>,
    last: u64,
    capacity: usize,
}

impl Log {
    /// An empty log that will keep `capacity` events.
    pub const fn new(capacity: usize) -> Self {
        Self {
            events: VecDeque::new(),
            last: 0,
            capacity,
        }
    }

    /// Adds an event, which may push out the oldest. Returns its number.
    pub fn push(&mut self, at: u64, data: &str) -> u64 {
        self.last += 1;
        self.events.push_back(Arc::new(Event {
            id: self.last,
            at,
            data: data.to_owned(),
        }));
        while self.events.len() > self.capacity {
            self.events.pop_front();
        }
        self.last
    }

    /// The number of the newest event, 0 when there was none.
    pub const fn last(&self) -> u64 {
        self.last
    }

    // ANCHOR: after
    /// Up to `max` events behind number `after`, oldest first; none when there is nothing
    /// new.
    ///
    /// # Errors
    /// [`Missed`] when an event in between is gone, or when `after` is a number that was
    /// never given out: the server was started again meanwhile.
    pub fn after(&self, after: u64, max: usize) -> Result<Vec<Arc<Event>>, Missed> {
        let first = self.last - self.events.len() as u64 + 1;
        if after > self.last || after + 1 < first {
            return Err(Missed {
                after,
                first,
                last: self.last,
            });
        }
        let skip = usize::try_from(after + 1 - first).unwrap_or(usize::MAX);
        Ok(self.events.iter().skip(skip).take(max).cloned().collect())
    }
    // ANCHOR_END: after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_that_are_gone_and_events_to_come_are_both_missed() {
        let mut log = Log::new(3);
        assert_eq!(log.after(0, 10), Ok(vec![]));
        for id in 1..=5 {
            assert_eq!(log.push(0, "x"), id);
        }
        let ids = |after| {
            log.after(after, 10)
                .map(|events| events.iter().map(|event| event.id).collect::<Vec<_>>())
        };
        assert_eq!(ids(2), Ok(vec![3, 4, 5]));
        assert_eq!(ids(4), Ok(vec![5]));
        assert_eq!(ids(5), Ok(vec![]));
        assert_eq!(
            ids(1),
            Err(Missed {
                after: 1,
                first: 3,
                last: 5
            })
        );
        assert!(ids(6).is_err());
        assert_eq!(log.after(2, 1).map(|events| events.len()), Ok(1));
    }
}
