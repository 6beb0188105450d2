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
//! - Answers to the questions of others pass on `answers`, too, and are not yours. So do
//!   messages that are not of this form, or not UTF-8.
//! - `ask` returns as soon as every server has answered. Without other servers it neither
//!   waits nor asks.
//! - It returns after `limit` in any case, with the answers that came until then and the
//!   number of servers that did not answer.
//! - The answers are in the order in which they came.
//! - If the bus refuses to count or to publish, its error is returned at once. If the bus
//!   goes away later, or messages are lost, `ask` waits on: the rest may still come.
//!
//! Try it: `cargo test --test ex12_ask`

use std::time::Duration;

use cluster::bus::{Bus, BusError};

/// The answers of the other servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// The answers, in the order in which they came.
    pub texts: Vec<String>,
    /// How many servers did not answer.
    pub missing: usize,
}

/// Asks all other servers.
///
/// # Errors
/// The bus does not count its subscribers, or does not accept the question.
pub async fn ask(
    bus: &impl Bus,
    id: &str,
    question: &str,
    limit: Duration,
) -> Result<Answers, BusError> {
    let servers = bus.subscribers("questions").await?;
    todo!("exercise ex12_ask: {id} {question}, to {servers} servers, for {limit:?}")
}
