//! The last events, numbered, so that a client can disconnect without missing any.
//!
//! A client that polls is disconnected between two responses, and a stream breaks when a
//! train enters a tunnel. If each event has a number and the server keeps the last ones,
//! any client can ask at any time "what came after number 41?", and the server need not
//! remember what each client has seen.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The number, counted from 1 without gaps.
    pub id: u64,
    /// When it was published, in microseconds since 1970.
    pub at: u64,
    /// The text.
    pub data: String,
}

impl Event {
    /// Returns the event as one line of JSON.
    pub fn json(&self) -> String {
        serde_json::json!({ "id": self.id, "at": self.at, "data": self.data }).to_string()
    }
}

/// A client asked for events that are no longer kept, or that never existed. It has to
/// start over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("events after {after} are not kept: there are {first} to {last}")]
pub struct Missed {
    /// The last event that the client has seen.
    pub after: u64,
    /// The oldest event that is kept.
    pub first: u64,
    /// The newest event.
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
    /// Creates an empty log that keeps `capacity` events.
    pub const fn new(capacity: usize) -> Self {
        Self {
            events: VecDeque::new(),
            last: 0,
            capacity,
        }
    }

    /// Adds an event, drops the oldest if there is no room, and returns its number.
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

    /// Returns the number of the newest event, or 0 if there was none.
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// Returns up to `max` events after number `after`, oldest first; none if there is
    /// nothing new.
    ///
    /// # Errors
    /// Returns [`Missed`] if an event after `after` is no longer kept, or if `after` was
    /// never assigned because the server has been restarted since.
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_events_and_unassigned_numbers_are_both_missed() {
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
