//! Caught by: every_server_answers
//!
//! Takes the first word of an answer.

use std::time::Duration;

use cluster::bus::{Bus, BusError, Delivery, Topic};
use tokio::time::{Instant, timeout_at};

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
    let deadline = Instant::now() + limit;
    let mut answers = Answers {
        texts: Vec::new(),
        missing: bus.subscribers("questions").await?,
    };
    if answers.missing == 0 {
        return Ok(answers);
    }
    let mut subscription = bus.subscribe(vec![Topic::Channel("answers".into())]);
    bus.publish("questions", format!("{id} {question}").into())?;
    while answers.missing > 0 {
        let payload = match timeout_at(deadline, subscription.recv()).await {
            Ok(Some(Delivery::Message { payload, .. })) => payload,
            // Lost messages, or the bus is away: the rest may still come.
            Ok(Some(_)) => continue,
            // The time is up, or the bus has ended.
            Ok(None) | Err(_) => break,
        };
        let Ok(text) = str::from_utf8(&payload) else {
            continue;
        };
        if let Some((answered, text)) = text.split_once(' ')
            && answered == id
        {
            let word = text.split(' ').next().unwrap_or_default();
            answers.texts.push(word.to_owned());
            answers.missing -= 1;
        }
    }
    Ok(answers)
}
