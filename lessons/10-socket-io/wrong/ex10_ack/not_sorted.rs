//! Caught by: the_order_is_that_of_the_deadlines
//!
//! Does not sort the questions that end.

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
    /// Number, and when it is over.
    open: Vec<(u64, Duration)>,
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
        self.open.push((id, now + timeout));
        id
    }

    /// The client answers question `id`. Returns `None` if that ends no question.
    pub fn answer(&mut self, id: u64, text: &str) -> Option<Outcome> {
        let at = self.open.iter().position(|question| question.0 == id)?;
        self.open.remove(at);
        Some(Outcome::Answer(text.to_string()))
    }

    /// Returns when [`Acks::on_time`] has to be called next, or `None` if no question is
    /// open.
    pub fn deadline(&self) -> Option<Duration> {
        self.open.iter().map(|question| question.1).min()
    }

    /// Ends the questions whose time has passed at `now`, and returns them with their ids.
    pub fn on_time(&mut self, now: Duration) -> Vec<(u64, Outcome)> {
        let mut over: Vec<(u64, Duration)> = Vec::new();
        self.open.retain(|question| {
            let is_over = question.1 <= now;
            if is_over {
                over.push(*question);
            }
            !is_over
        });
        over.into_iter()
            .map(|question| (question.0, Outcome::Timeout))
            .collect()
    }

    /// The client has disconnected. Ends the open questions, and returns them with their
    /// ids.
    pub fn disconnect(&mut self) -> Vec<(u64, Outcome)> {
        self.open
            .drain(..)
            .map(|question| (question.0, Outcome::Disconnected))
            .collect()
    }
}
