//! One loud client and the healthy ones. Each case measures a healthy client alone and then
//! beside the loud one, in one run on one machine: how long its messages take, and what it
//! is sent that it did not ask for. A test program for itself, so that no other test takes
//! the time that it measures.
//!
//! ```sh
//! cargo test -p chat-app --test loud -- --nocapture --test-threads 1  # prints the figures
//! ```
//!
//! `CHAT_FLAGS=--no-limits` in the environment shows what the limits are good for: then
//! the first three cases fail. `examples/loud.rs` measures any build of the chat, harder
//! and longer.

#[path = "it/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use chat_app::limits::Limits;
use common::client::Client;
use common::program::Program;
use common::{get, soon};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How many people talk, and how often each of them in a measurement: two measurements
/// are less than a person may say in a minute.
const PEOPLE: u32 = 4;
const EACH: u32 = 25;
const PAUSE: Duration = Duration::from_millis(30);
/// The bound on the 99th percentile beside the loud client. On an idle machine it is far
/// less; with a debug build, on two cores that had ten other things to do, the slowest
/// case took 0.9 s.
const BOUND: Duration = Duration::from_secs(3);
/// Beside loud clients, the measurement may never end: the listener receives more than it
/// reads.
const PATIENCE: Duration = Duration::from_secs(60);
/// The loud ones where a few are enough, and how many events each of them sends in a
/// second.
const LOUD: u32 = 4;
const RATE: u32 = 500;
/// The deaf ones who ask for more than they may, and for how many pages of history each of
/// them does: 250 kB a page, where 8 MB may wait, and the kernel holds a few more.
const GREEDY: usize = 3;
const PAGES: usize = 80;
/// How often at most a room is told who is there, in a second: the pause between two
/// lists is a tenth of one, and announcements are gathered for one.
const LISTS: u32 = 10;
const ANNOUNCEMENTS: u32 = 1;

/// Healthy people in a room: some talk, one listens.
struct Healthy {
    speakers: Vec<Client>,
    listener: Client,
}

/// The result of a measurement.
#[derive(Debug)]
struct Heard {
    p99: Duration,
    /// Since the loud ones began, rounded up.
    seconds: u32,
    /// Messages of the loud ones.
    messages: u32,
    lists: u32,
    announcements: u32,
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

    /// The 99th percentile of the time from a message to the listener's page, and all
    /// else that the listener is sent.
    async fn measure(&mut self, when: &str) -> Heard {
        let (mut times, mut messages) = (Vec::new(), 0);
        let begin = Instant::now();
        let before = self.noise();
        for number in 0..EACH {
            for speaker in &mut self.speakers {
                let text = format!("{when} {number}");
                let start = Instant::now();
                let call = speaker.start_call("user message", json!([text])).await;
                while self.listener.event("msg_to_room").await[1] != json!(text) {
                    messages += 1;
                }
                times.push(start.elapsed());
                let (answered, answer) = speaker.answer().await.expect("an answer");
                assert_eq!((answered, &answer[0]), (call, &json!(true)), "{answer:?}");
                sleep(PAUSE).await;
            }
        }
        times.sort_unstable();
        let after = self.noise();
        Heard {
            p99: times[times.len() * 99 / 100 - 1],
            seconds: rounded_up(begin.elapsed()),
            messages,
            lists: after.0 - before.0,
            announcements: after.1 - before.1,
        }
    }

    /// Lists and announcements so far.
    fn noise(&self) -> (u32, u32) {
        let count = |name| u32::try_from(self.listener.count(name)).unwrap();
        let lists = count("nicknames") + count("people");
        (lists, count("announcement"))
    }
}

/// A chat as it is by default.
async fn start() -> Program {
    let more = std::env::var("CHAT_FLAGS").unwrap_or_default();
    let flags = format!("--port 0 --database :memory: --log warn {more}");
    let flags: Vec<_> = flags.split_whitespace().collect();
    Program::start(&flags).await
}

/// Measures alone, and beside the loud ones.
async fn measure(
    name: &str,
    program: &Program,
    loud: impl AsyncFnOnce(u16, &mut JoinSet<()>),
) -> Heard {
    let mut healthy = Healthy::seated(program.port).await;
    let alone = healthy.measure("alone").await;
    let mut tasks = JoinSet::new();
    let start = Instant::now();
    loud(program.port, &mut tasks).await;
    let mut beside = timeout(PATIENCE, healthy.measure("beside"))
        .await
        .unwrap_or_else(|_| panic!("{name}: no end of it in {PATIENCE:?}"));
    beside.seconds = rounded_up(start.elapsed());
    println!("{name}: alone {alone:?}\n{name}: beside {beside:?}");
    assert!(
        beside.p99 < BOUND,
        "{name}: {beside:?}, and {alone:?} alone"
    );
    tasks.abort_all();
    beside
}

/// Each of a few sends this event as fast as [`RATE`] says, whatever it is answered.
async fn flood(port: u16, tasks: &mut JoinSet<()>, event: &'static str) {
    for number in 0..LOUD {
        let name = format!("loud {number}");
        let client = Client::seated(port, "lobby", &name).await;
        tasks.spawn(client.flood(RATE, move |sent| (event, format!("{name} {sent}"))));
    }
}

/// How often the loud ones together may do something in this time, from full buckets.
fn allowed(per_minute: u32, seconds: u32) -> u32 {
    LOUD * (per_minute + (per_minute * seconds).div_ceil(60) + 1)
}

fn rounded_up(time: Duration) -> u32 {
    u32::try_from(time.as_secs() + 1).unwrap()
}

#[tokio::test]
async fn one_that_floods_with_messages_disturbs_nobody() {
    let program = start().await;
    let heard = measure("messages", &program, async |port, tasks| {
        flood(port, tasks, "user message").await;
    })
    .await;
    let limit = allowed(Limits::default().messages, heard.seconds);
    assert!(
        heard.messages <= limit,
        "{heard:?}, and {limit} are allowed"
    );
}

#[tokio::test]
async fn one_that_renames_itself_all_the_time_disturbs_nobody() {
    let program = start().await;
    let heard = measure("renames", &program, async |port, tasks| {
        flood(port, tasks, "nickname").await;
    })
    .await;
    // The first names are used up at once, and each that comes later may be a list.
    let limit = allowed(Limits::default().renames, heard.seconds)
        - LOUD * Limits::default().renames
        + 5;
    assert!(heard.lists <= limit, "{heard:?}, and {limit} are allowed");
}

#[tokio::test]
async fn one_that_makes_rooms_disturbs_nobody() {
    let program = start().await;
    let heard = measure("rooms", &program, async |port, tasks| {
        flood(port, tasks, "join").await;
    })
    .await;
    let metrics = get(program.port, "/metrics", "").await.body;
    let rooms = metrics
        .lines()
        .find_map(|it| it.strip_prefix("chat_rooms "));
    let rooms: u32 = rooms.unwrap().parse().unwrap();
    // And the room in which they all are.
    let limit = allowed(Limits::default().new_rooms, heard.seconds) + 1;
    assert!(rooms <= limit, "{rooms} rooms, and {limit} are allowed");
}

/// Two hundred come and go, each on a new connection.
#[tokio::test]
async fn two_hundred_that_join_and_leave_disturb_nobody() {
    let program = start().await;
    let heard = measure("joins", &program, async |port, tasks| {
        for number in 0..200 {
            tasks.spawn(async move {
                loop {
                    let mut client = Client::connect(port, json!({})).await;
                    client.call("join", json!(["lobby"])).await;
                    let name = format!("passer {number}");
                    client.call("nickname", json!([name])).await;
                    client.disconnect().await;
                    sleep(Duration::from_secs(1)).await;
                }
            });
        }
    })
    .await;
    // Another may be under way at each end of the measurement.
    assert!(heard.lists <= LISTS * heard.seconds + 2, "{heard:?}");
    let announcements = ANNOUNCEMENTS * heard.seconds + 2;
    assert!(heard.announcements <= announcements, "{heard:?}");
}

/// Fifty sit in the room and never read. A few of them ask for far more than may wait for
/// one reader: the server lets those go, and keeps nothing for them.
#[tokio::test]
async fn fifty_that_never_read_disturb_nobody() {
    let program = start().await;
    let mut ann = Client::seated(program.port, "lobby", "Ann").await;
    // As much as a page of the history may hold.
    let mut last = 0;
    for _ in 0..16 {
        let long = "\u{1f980}".repeat(4000);
        let answer = ann.call("user message", json!([long])).await;
        assert_eq!(answer[0], json!(true), "{answer:?}");
        last = answer[1].as_i64().unwrap();
    }
    drop(ann);
    measure("deaf", &program, async |port, tasks| {
        for number in 0..50 {
            let mut deaf = Client::connect(port, json!({})).await;
            deaf.call("join", json!(["lobby"])).await;
            deaf.start_call("nickname", json!([format!("deaf {number}")]))
                .await;
            let pages = if number < GREEDY { PAGES } else { 0 };
            for _ in 0..pages {
                deaf.start_call("history", json!([last + 1])).await;
            }
            tasks.spawn(async move {
                let _kept_open = deaf;
                std::future::pending::<()>().await;
            });
        }
        soon("the end of the greedy ones", async {
            let slow = "engine_io_closed_sessions_total{reason=\"slow reader\"} ";
            let closed = format!("{slow}{GREEDY}");
            while !get(port, "/metrics", "").await.body.contains(&closed) {
                sleep(Duration::from_millis(100)).await;
            }
        })
        .await;
    })
    .await;
}
