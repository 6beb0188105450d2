//! One loud client and everybody else. Each case measures a healthy client alone and then
//! beside the loud one, in one run on one machine.
//!
//! ```sh
//! cargo test -p chat-app --test loud -- --nocapture --test-threads 1  # prints the figures
//! ```
//!
//! `CHAT_FLAGS=--no-limits` in the environment shows what the limits are good for.

mod common;

use std::time::{Duration, Instant};

use common::client::Client;
use common::program::Program;
use serde_json::json;
use tokio::task::JoinSet;

/// How many people talk, and how often each of them in a measurement: two measurements
/// are less than a person may say in a minute.
const PEOPLE: usize = 4;
const EACH: usize = 25;
/// The bound on the 99th percentile beside the loud client. On an idle machine it is far
/// less; with a debug build, on two cores that had ten other things to do, the slowest
/// case took 0.9 s.
const BOUND: Duration = Duration::from_secs(3);

/// Healthy people in a room: some talk, one listens.
struct Healthy {
    speakers: Vec<Client>,
    listener: Client,
}

impl Healthy {
    async fn seated(port: u16) -> Self {
        let mut speakers = Vec::new();
        for number in 0..PEOPLE {
            let name = format!("healthy {number}");
            speakers.push(Client::seated(port, "lobby", &name).await);
        }
        let listener = Client::seated(port, "lobby", "listener").await;
        Self { speakers, listener }
    }

    /// The 99th percentile of the time from a message to the listener's page.
    async fn p99(&mut self, when: &str) -> Duration {
        let mut times = Vec::new();
        for number in 0..EACH {
            for speaker in &mut self.speakers {
                let text = format!("{when} {number}");
                let start = Instant::now();
                let call = speaker.start_call("user message", json!([text])).await;
                while self.listener.event("msg_to_room").await[1] != json!(text) {}
                times.push(start.elapsed());
                let (answered, answer) = speaker.answer().await.expect("an answer");
                assert_eq!((answered, &answer[0]), (call, &json!(true)), "{answer:?}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        times.sort_unstable();
        times[times.len() * 99 / 100 - 1]
    }
}

/// A chat as it is by default.
async fn start() -> Program {
    let more = std::env::var("CHAT_FLAGS").unwrap_or_default();
    let flags = format!("--port 0 --database :memory: --log warn {more}");
    let flags: Vec<_> = flags.split_whitespace().collect();
    Program::start(&flags).await
}

async fn measure(
    name: &str,
    program: &Program,
    loud: impl AsyncFnOnce(u16, &mut JoinSet<()>),
) {
    let mut healthy = Healthy::seated(program.port).await;
    let alone = healthy.p99("alone").await;
    let mut tasks = JoinSet::new();
    loud(program.port, &mut tasks).await;
    let beside = healthy.p99("beside").await;
    println!("{name}: p99 {alone:?} alone, {beside:?} beside it");
    assert!(
        beside < BOUND,
        "{name}: p99 is {beside:?}, and {alone:?} alone"
    );
    tasks.abort_all();
}

/// Sends events as fast as the connection takes them, and reads the answers.
async fn flood(port: u16, room: &str, name: &str, event: &'static str) {
    let mut client = Client::seated(port, room, name).await;
    for number in 0_u64.. {
        let argument = format!("{name} {number}");
        client.call(event, json!([argument])).await;
    }
}

#[tokio::test]
async fn one_that_floods_with_messages_disturbs_nobody() {
    let program = start().await;
    measure("messages", &program, async |port, tasks| {
        for number in 0..4 {
            let name = format!("loud {number}");
            tasks.spawn(async move { flood(port, "lobby", &name, "user message").await });
        }
    })
    .await;
}

#[tokio::test]
async fn one_that_renames_itself_all_the_time_disturbs_nobody() {
    let program = start().await;
    measure("renames", &program, async |port, tasks| {
        for number in 0..4 {
            let name = format!("loud {number}");
            tasks.spawn(async move { flood(port, "lobby", &name, "nickname").await });
        }
    })
    .await;
}

#[tokio::test]
async fn one_that_makes_rooms_disturbs_nobody() {
    let program = start().await;
    measure("rooms", &program, async |port, tasks| {
        for number in 0..4 {
            let name = format!("loud {number}");
            tasks.spawn(async move { flood(port, &name, &name, "join").await });
        }
    })
    .await;
}

/// Two hundred come and go, each on a new connection.
#[tokio::test]
async fn two_hundred_that_join_and_leave_disturb_nobody() {
    let program = start().await;
    measure("joins", &program, async |port, tasks| {
        for number in 0..200 {
            tasks.spawn(async move {
                loop {
                    let mut client = Client::connect(port, json!({})).await;
                    client.call("join", json!(["lobby"])).await;
                    let name = format!("passer {number}");
                    client.call("nickname", json!([name])).await;
                    client.disconnect().await;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            });
        }
    })
    .await;
}

/// Fifty sit in the room and never read.
#[tokio::test]
async fn fifty_that_never_read_disturb_nobody() {
    let program = start().await;
    measure("deaf", &program, async |port, tasks| {
        for number in 0..50 {
            let mut deaf = Client::connect(port, json!({})).await;
            deaf.call("join", json!(["lobby"])).await;
            deaf.start_call("nickname", json!([format!("deaf {number}")]))
                .await;
            tasks.spawn(async move {
                let _kept_open = deaf;
                std::future::pending::<()>().await;
            });
        }
    })
    .await;
}
