//! # Questions and their answers
//!
//! A server asks a client something and waits for the acknowledgement. Write what it
//! remembers meanwhile. Time comes in as a `Duration` since the socket connected.
//!
//! - Each question gets a number that no other has had. The first is 0.
//! - An answer ends its question. An answer to a question that nobody asked, or that has
//!   ended, is ignored: it comes from a client, who may say anything.
//! - A question without an answer ends when its time is over; of several, the one that
//!   was due first comes first.
//! - When the client goes, all questions end.
//! - Each question ends exactly once.
//!
//! Try it: `cargo test --test ex10_ack`

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
    // Yours.
}

impl Acks {
    /// Nothing was asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks a question now, for `timeout` long; its number.
    pub fn ask(&mut self, now: Duration, timeout: Duration) -> u64 {
        todo!("exercise ex10_ack: a question at {now:?}, for {timeout:?}")
    }

    /// The client answers. `None` when that answers nothing.
    pub fn answer(&mut self, id: u64, text: &str) -> Option<Outcome> {
        todo!("exercise ex10_ack: {text:?} answers {id}")
    }

    /// When [`Acks::on_time`] wants to be called next.
    pub fn deadline(&self) -> Option<Duration> {
        todo!("exercise ex10_ack: which question is due next?")
    }

    /// It is `now`: the questions whose time is over, with their numbers.
    pub fn on_time(&mut self, now: Duration) -> Vec<(u64, Outcome)> {
        todo!("exercise ex10_ack: what has ended at {now:?}?")
    }

    /// The client has gone: the questions that were open, with their numbers.
    pub fn disconnect(&mut self) -> Vec<(u64, Outcome)> {
        todo!("exercise ex10_ack: what has ended?")
    }
}
