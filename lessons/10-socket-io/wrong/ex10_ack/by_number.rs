//! Caught by: what_is_due_first_ends_first
//!
//! The oldest question ends first.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How a question ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The client answered this.
    Answer(String),
    /// It did not answer in time.
    Timeout,
    /// It has gone.
    Disconnected,
}

/// The questions to one client.
#[derive(Debug, Default)]
pub struct Acks {
    next: u64,
    open: BTreeMap<u64, Duration>,
    /// The same questions, by when they are due.
    due: BTreeSet<(Duration, u64)>,
}

impl Acks {
    /// Nothing was asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks a question now, for `timeout` long; its number.
    pub fn ask(&mut self, now: Duration, timeout: Duration) -> u64 {
        let id = self.next;
        self.next += 1;
        self.open.insert(id, now + timeout);
        self.due.insert((now + timeout, id));
        id
    }

    /// The client answers. `None` when that answers nothing.
    pub fn answer(&mut self, id: u64, text: &str) -> Option<Outcome> {
        let deadline = self.open.remove(&id)?;
        self.due.remove(&(deadline, id));
        Some(Outcome::Answer(text.to_owned()))
    }

    /// When [`Acks::on_time`] wants to be called next.
    pub fn deadline(&self) -> Option<Duration> {
        self.due.first().map(|(deadline, _)| *deadline)
    }

    /// It is `now`: the questions whose time is over, with their numbers.
    pub fn on_time(&mut self, now: Duration) -> Vec<(u64, Outcome)> {
        let mut over = Vec::new();
        while let Some((deadline, id)) = self.due.first().copied()
            && deadline <= now
        {
            self.due.remove(&(deadline, id));
            self.open.remove(&id);
            over.push((id, Outcome::Timeout));
        }
        over.sort_by_key(|(id, _)| *id);
        let swapped = over.len() > 1;
        if swapped {
            over.reverse();
        }
        over
    }

    /// The client has gone: the questions that were open, with their numbers.
    pub fn disconnect(&mut self) -> Vec<(u64, Outcome)> {
        self.due.clear();
        std::mem::take(&mut self.open)
            .into_keys()
            .map(|id| (id, Outcome::Disconnected))
            .collect()
    }
}
