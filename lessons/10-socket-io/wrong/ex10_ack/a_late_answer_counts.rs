//! Caught by: a_question_ends_when_its_time_has_passed
//!
//! Accepts an answer after the question has ended.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How a question ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The client answered.
    Answer(String),
    /// The client did not answer in time.
    Timeout,
    /// The client disconnected.
    Disconnected,
}

/// The open questions to one client.
#[derive(Debug, Default)]
pub struct Acks {
    next: u64,
    open: BTreeMap<u64, Duration>,
    /// The same questions, by when they are due.
    due: BTreeSet<(Duration, u64)>,
}

impl Acks {
    /// Returns an empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks a question at `now`, which has `timeout` to be answered. Returns its id.
    pub fn ask(&mut self, now: Duration, timeout: Duration) -> u64 {
        let id = self.next;
        self.next += 1;
        self.open.insert(id, now + timeout);
        self.due.insert((now + timeout, id));
        id
    }

    /// The client answers question `id`. Returns `None` if that ends no question.
    pub fn answer(&mut self, id: u64, text: &str) -> Option<Outcome> {
        let deadline = self.open.remove(&id)?;
        self.due.remove(&(deadline, id));
        Some(Outcome::Answer(text.to_owned()))
    }

    /// Returns when [`Acks::on_time`] has to be called next, or `None` if no question is
    /// open.
    pub fn deadline(&self) -> Option<Duration> {
        self.due.first().map(|(deadline, _)| *deadline)
    }

    /// Ends the questions whose time has passed at `now`, and returns them with their ids.
    pub fn on_time(&mut self, now: Duration) -> Vec<(u64, Outcome)> {
        let mut over = Vec::new();
        while let Some((deadline, id)) = self.due.first().copied()
            && deadline <= now
        {
            self.due.remove(&(deadline, id));
            over.push((id, Outcome::Timeout));
        }
        over
    }

    /// The client has disconnected. Ends the open questions, and returns them with their
    /// ids.
    pub fn disconnect(&mut self) -> Vec<(u64, Outcome)> {
        self.due.clear();
        std::mem::take(&mut self.open)
            .into_keys()
            .map(|id| (id, Outcome::Disconnected))
            .collect()
    }
}
