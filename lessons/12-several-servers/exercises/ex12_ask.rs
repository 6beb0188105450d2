//! # Ask all servers
//!
//! Write `ask`, which puts a question to all other servers over a bus and collects their
//! answers.
//!
//! - The other servers are the subscribers of the channel `questions`. We are not one of
//!   them.
//! - A question is published on `questions` as `ID TEXT`, with one space. Each server
//!   publishes its answer on `answers` as `ID TEXT`. The texts can contain spaces, and be
//!   empty; an id contains none.
//! - Answers to other questions arrive on `answers`, too, and so do messages that do not
//!   have this form or are not UTF-8. Ignore all of these.
//! - `ask` returns as soon as every server has answered. Without other servers it neither
//!   waits nor publishes.
//! - It returns after `limit` at the latest, with the answers that have arrived by then
//!   and the number of servers that have not answered.
//! - The answers are in the order in which they arrived.
//! - If the bus fails to count or to publish, `ask` returns that error at once. If the
//!   bus goes away later, or messages are lost, `ask` keeps waiting, because the other
//!   answers may still arrive.
//!
//! Try it: `cargo test --test ex12_ask`

use std::time::Duration;

use cluster::bus::{Bus, BusError};

/// The answers of the other servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// The answers, in the order in which they arrived.
    pub texts: Vec<String>,
    /// How many servers did not answer.
    pub missing: usize,
}

/// Asks all other servers.
///
/// # Errors
/// The bus cannot count its subscribers, or does not accept the question.
pub async fn ask(
    bus: &impl Bus,
    id: &str,
    question: &str,
    limit: Duration,
) -> Result<Answers, BusError> {
    let servers = bus.subscribers("questions").await?;
    todo!("exercise ex12_ask: {id} {question}, to {servers} servers, for {limit:?}")
}
