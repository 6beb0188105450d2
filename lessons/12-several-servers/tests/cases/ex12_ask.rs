//! What `ask` has to do. The sections are those of chapter 12. The clock is tokio's, and
//! stands still while a task works.

use std::time::Duration;

use bytes::Bytes;
use cluster::bus::{Bus, BusError, Connection, Delivery, Fate, MemoryBus, Topic};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::subject::{Answers, ask};

const LIMIT: Duration = Duration::from_secs(5);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn answers(texts: &[&str], missing: usize) -> Answers {
    Answers {
        texts: texts.iter().map(ToString::to_string).collect(),
        missing,
    }
}

/// A server that publishes these payloads on `answers` after a while, once it is asked.
/// `ID` in them is the question's id.
fn server(
    bus: &MemoryBus,
    name: &str,
    delay: Duration,
    payloads: &'static [&'static str],
) -> JoinHandle<()> {
    let line = bus.connect(name);
    let mut questions = line.subscribe(vec![Topic::Channel("questions".into())]);
    tokio::spawn(async move {
        while let Some(delivery) = questions.recv().await {
            let Delivery::Message { payload, .. } = delivery else {
                continue;
            };
            let question = String::from_utf8_lossy(&payload).into_owned();
            let id = question.split(' ').next().unwrap_or_default();
            if !delay.is_zero() {
                sleep(delay).await;
            }
            for payload in payloads {
                let _ = line.publish("answers", payload.replace("ID", id).into());
            }
        }
    })
}

/// Asks as question `7`, and checks how long that takes.
async fn asked(line: &Connection, takes: Duration, why: &str) -> Answers {
    let start = Instant::now();
    let answers = ask(line, "7", "how many guests?", LIMIT).await;
    let took = start.elapsed();
    assert_eq!(took, takes, "{why}. See \"Requests across servers\".");
    answers.unwrap_or_else(|error| {
        panic!(
            "the bus is there, but yours says: {error}. See \"Requests across servers\"."
        )
    })
}

#[tokio::test(start_paused = true)]
async fn the_question_has_an_id_and_a_text() {
    let bus = MemoryBus::new();
    let spy = bus.connect("spy");
    let mut questions = spy.subscribe(vec![Topic::Channel("questions".into())]);
    let _ = ask(&bus.connect("me"), "7", "how many guests?", LIMIT).await;
    let Some(Delivery::Message { payload, .. }) = questions.recv().await else {
        panic!("no question on `questions`. See \"Requests across servers\".")
    };
    assert_eq!(
        payload, "7 how many guests?",
        "a question is ID TEXT. See \"Requests across servers\"."
    );
}

#[tokio::test(start_paused = true)]
async fn every_server_answers() {
    let bus = MemoryBus::new();
    server(&bus, "one", Duration::ZERO, &["ID three of them"]);
    server(&bus, "two", seconds(2), &["ID "]);
    let why = "the last server answers after 2 s, and nobody else is to be waited for";
    let got = asked(&bus.connect("me"), seconds(2), why).await;
    assert_eq!(
        got,
        answers(&["three of them", ""], 0),
        "a text can have spaces, and be empty. See \"Requests across servers\"."
    );
}

#[tokio::test(start_paused = true)]
async fn answers_are_in_the_order_in_which_they_came() {
    let bus = MemoryBus::new();
    server(&bus, "one", seconds(3), &["ID a, late"]);
    server(&bus, "two", seconds(1), &["ID c, early"]);
    server(&bus, "three", seconds(2), &["ID b"]);
    let got = asked(&bus.connect("me"), seconds(3), "the last answers after 3 s").await;
    assert_eq!(
        got,
        answers(&["c, early", "b", "a, late"], 0),
        "in the order in which they came. See \"Requests across servers\"."
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_can_come_at_once() {
    let bus = MemoryBus::new();
    // Whoever publishes the question has its answer before `publish` returns.
    let (me, eager) = (bus.connect("me"), bus.connect("eager"));
    let _questions = eager.subscribe(vec![Topic::Channel("questions".into())]);
    let answering = Eager {
        line: me.clone(),
        eager,
    };
    let start = Instant::now();
    let got = ask(&answering, "7", "how many guests?", LIMIT).await;
    assert_eq!(
        (got, start.elapsed()),
        (Ok(answers(&["at once"], 0)), Duration::ZERO),
        "who subscribes after the question can miss the answer. See \"Requests across servers\"."
    );
}

/// A bus on which the answer to a question follows it immediately.
struct Eager {
    line: Connection,
    eager: Connection,
}

impl Bus for Eager {
    fn publish(&self, channel: &str, payload: Bytes) -> Result<(), BusError> {
        self.line.publish(channel, payload)?;
        self.eager.publish("answers", "7 at once".into())
    }

    fn subscribe(&self, topics: Vec<Topic>) -> cluster::bus::Subscription {
        self.line.subscribe(topics)
    }

    fn subscribers(
        &self,
        channel: &str,
    ) -> futures_util::future::BoxFuture<'_, Result<usize, BusError>> {
        self.line.subscribers(channel)
    }
}

#[tokio::test(start_paused = true)]
async fn without_other_servers_nobody_is_asked() {
    let bus = MemoryBus::new();
    let why = "there is no other server, so there is nothing to wait for";
    bus.watch(|passing| {
        panic!(
            "there is no other server, and yours publishes on {:?}. See \"Requests across servers\".",
            passing.channel
        )
    });
    let got = asked(&bus.connect("me"), Duration::ZERO, why).await;
    assert_eq!(
        got,
        answers(&[], 0),
        "{why}. See \"Requests across servers\"."
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_missing() {
    let bus = MemoryBus::new();
    server(&bus, "one", seconds(1), &["ID two"]);
    server(&bus, "two", Duration::ZERO, &[]);
    server(&bus, "three", seconds(6), &["ID too late"]);
    let why = "two servers have not answered within the limit of 5 s";
    let got = asked(&bus.connect("me"), LIMIT, why).await;
    assert_eq!(
        got,
        answers(&["two"], 2),
        "{why}; what did come is not lost. See \"Requests across servers\"."
    );
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_one_for_all_answers() {
    let bus = MemoryBus::new();
    server(&bus, "one", seconds(3), &["ID one"]);
    server(&bus, "two", seconds(4), &["ID two"]);
    server(&bus, "three", seconds(7), &["ID three"]);
    let why = "the limit of 5 s starts with the question, not again with each answer";
    let got = asked(&bus.connect("me"), LIMIT, why).await;
    assert_eq!(
        got,
        answers(&["one", "two"], 1),
        "{why}. See \"Requests across servers\"."
    );
}

#[tokio::test(start_paused = true)]
async fn answers_to_others_are_not_ours() {
    let bus = MemoryBus::new();
    let others = &[
        "8 another question",
        "70 a longer id",
        "ID0 a longer id",
        "I a shorter id",
    ];
    server(&bus, "one", seconds(1), others);
    server(&bus, "two", seconds(2), &["ID ours"]);
    let why = "server one answers questions of others only";
    let got = asked(&bus.connect("me"), LIMIT, why).await;
    assert_eq!(
        got,
        answers(&["ours"], 1),
        "{why}. See \"Requests across servers\"."
    );
}

#[tokio::test(start_paused = true)]
async fn nonsense_is_ignored() {
    let bus = MemoryBus::new();
    server(&bus, "one", seconds(2), &["", "ID", " ID x", "ID ours"]);
    let stranger = bus.connect("stranger");
    tokio::spawn(async move {
        sleep(seconds(1)).await;
        let _ = stranger.publish("answers", Bytes::from_static(b"7 \xff\xfe"));
    });
    let why = "messages that are not ID TEXT, or not UTF-8, are no answers";
    let got = asked(&bus.connect("me"), seconds(2), why).await;
    assert_eq!(
        got,
        answers(&["ours"], 0),
        "{why}. See \"Requests across servers\"."
    );
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_is_away_is_reported_at_once() {
    let bus = MemoryBus::new();
    server(&bus, "one", Duration::ZERO, &["ID one"]);
    let me = bus.connect("me");
    me.cut();
    let start = Instant::now();
    let got = ask(&me, "7", "how many guests?", LIMIT).await;
    assert_eq!(
        (got, start.elapsed()),
        (Err(BusError::Away), Duration::ZERO),
        "the bus is away before the question. See \"Requests across servers\"."
    );
    let full = Full(bus.connect("me"));
    let got = ask(&full, "7", "how many guests?", LIMIT).await;
    assert_eq!(
        (got, start.elapsed()),
        (Err(BusError::Full), Duration::ZERO),
        "the bus does not accept the question. See \"Requests across servers\"."
    );
}

/// A bus that accepts nothing.
struct Full(Connection);

impl Bus for Full {
    fn publish(&self, _: &str, _: Bytes) -> Result<(), BusError> {
        Err(BusError::Full)
    }

    fn subscribe(&self, topics: Vec<Topic>) -> cluster::bus::Subscription {
        self.0.subscribe(topics)
    }

    fn subscribers(
        &self,
        channel: &str,
    ) -> futures_util::future::BoxFuture<'_, Result<usize, BusError>> {
        self.0.subscribers(channel)
    }
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_comes_back_can_still_bring_the_answer() {
    let bus = MemoryBus::new();
    server(&bus, "one", seconds(3), &["ID one"]);
    let me = bus.connect("me");
    let cable = me.clone();
    tokio::spawn(async move {
        sleep(seconds(1)).await;
        cable.cut();
        sleep(seconds(1)).await;
        cable.mend();
    });
    let why = "the bus is back after 2 s, and the answer comes after 3 s";
    let got = asked(&me, seconds(3), why).await;
    assert_eq!(
        got,
        answers(&["one"], 0),
        "{why}. See \"Requests across servers\"."
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_question_ends_with_the_limit() {
    let bus = MemoryBus::new();
    server(&bus, "one", Duration::ZERO, &["ID one"]);
    bus.watch(|_| Fate::Lost);
    let why = "the question is lost, and the limit is 5 s";
    let got = asked(&bus.connect("me"), LIMIT, why).await;
    assert_eq!(
        got,
        answers(&[], 1),
        "{why}. See \"Requests across servers\"."
    );
}
