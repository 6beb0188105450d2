//! # Questions and their answers
//!
//! A server asks a client a question and waits for the acknowledgement. Write the table of
//! open questions. Time is passed in as a `Duration` since the socket connected.
//!
//! - Each question gets a number, its id. The first is 0, and no id is ever used again,
//!   even after a disconnect.
//! - An answer ends its question, also if its time has passed, as long as `on_time` has
//!   not ended the question yet. An answer to a question that was never asked, or that has
//!   ended already, is ignored: it comes from a client, which can send anything.
//! - `on_time` ends every question whose time has passed, and returns them in the order in
//!   which they were due. Of two that were due at the same time, the older one comes first.
//! - `disconnect` ends all open questions. It returns them in the order of their ids.
//! - Each question ends exactly once.
//!
//! Try it: `cargo test --test ex10_ack`

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
    // Yours.
}

impl Acks {
    /// Returns an empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks a question at `now`, which has `timeout` to be answered. Returns its id.
    pub fn ask(&mut self, now: Duration, timeout: Duration) -> u64 {
        todo!("exercise ex10_ack: a question at {now:?}, for {timeout:?}")
    }

    /// The client answers question `id`. Returns `None` if that ends no question.
    pub fn answer(&mut self, id: u64, text: &str) -> Option<Outcome> {
        todo!("exercise ex10_ack: {text:?} answers {id}")
    }

    /// Returns when [`Acks::on_time`] has to be called next, or `None` if no question is
    /// open.
    pub fn deadline(&self) -> Option<Duration> {
        todo!("exercise ex10_ack: which question is due next?")
    }

    /// Ends the questions whose time has passed at `now`, and returns them with their ids.
    pub fn on_time(&mut self, now: Duration) -> Vec<(u64, Outcome)> {
        todo!("exercise ex10_ack: which questions end at {now:?}?")
    }

    /// The client has disconnected. Ends the open questions, and returns them with their
    /// ids.
    pub fn disconnect(&mut self) -> Vec<(u64, Outcome)> {
        todo!("exercise ex10_ack: which questions end?")
    }
}
