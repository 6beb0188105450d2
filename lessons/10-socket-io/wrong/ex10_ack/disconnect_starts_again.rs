//! Caught by: ids_are_not_used_again_after_a_disconnect
//!
//! Starts again with id 0 after a disconnect.

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
    /// Number, and when it is over.
    open: Vec<(u64, Duration)>,
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
        self.open.push((id, now + timeout));
        id
    }

    /// The client answers. `None` when that answers nothing.
    pub fn answer(&mut self, id: u64, text: &str) -> Option<Outcome> {
        let at = self.open.iter().position(|question| question.0 == id)?;
        self.open.remove(at);
        Some(Outcome::Answer(text.to_string()))
    }

    /// When [`Acks::on_time`] wants to be called next.
    pub fn deadline(&self) -> Option<Duration> {
        self.open.iter().map(|question| question.1).min()
    }

    /// It is `now`: the questions whose time is over, with their numbers.
    pub fn on_time(&mut self, now: Duration) -> Vec<(u64, Outcome)> {
        let mut over: Vec<(u64, Duration)> = Vec::new();
        self.open.retain(|question| {
            let is_over = question.1 <= now;
            if is_over {
                over.push(*question);
            }
            !is_over
        });
        over.sort_by_key(|question| question.1);
        over.into_iter()
            .map(|question| (question.0, Outcome::Timeout))
            .collect()
    }

    /// The client has gone: the questions that were open, with their numbers.
    pub fn disconnect(&mut self) -> Vec<(u64, Outcome)> {
        self.next = 0;
        self.open
            .drain(..)
            .map(|question| (question.0, Outcome::Disconnected))
            .collect()
    }
}
