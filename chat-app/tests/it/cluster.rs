//! Two servers of one chat: they share a database file and a Redis, which each test starts
//! for itself (`--features cluster`).
#![cfg(all(unix, feature = "cluster"))]

use std::path::PathBuf;
use std::time::Duration;

use chat_app::cluster::{Meeting, RedisConfig};
use chat_app::limits::Limits;
use chat_app::store::{Keep, Store};
use chat_app::tasks::Tasks;
use chat_app::{Chat, Options};
use engine_io::ServeLimits;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::common::client::Client;
use crate::common::services::Redis;
use crate::common::{get, quick, soon};

/// How long a server's people are kept when it is gone.
const LEASE: Duration = Duration::from_millis(1500);

/// Two secrets by which people are known again.
const ANN: &str = "the secret of Ann's browser";
const BOB: &str = "the secret of Bob's browser";

/// What the servers share.
struct Shared {
    folder: TempDir,
    redis: Redis,
}

impl Shared {
    async fn new() -> Option<Self> {
        Some(Self {
            redis: Redis::start().await?,
            folder: TempDir::new().unwrap(),
        })
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("chat.db")
    }

    /// Starts a server.
    async fn server(&self) -> Server {
        self.server_with(quick()).await
    }

    async fn server_with(&self, options: Options) -> Server {
        let config = RedisConfig {
            lease: LEASE,
            timeout: Duration::from_millis(500),
            ..RedisConfig::default()
        };
        let options = Options {
            cluster: Meeting::at(&self.redis.address(), config).unwrap(),
            refresh: Duration::from_millis(20),
            ..options
        };
        let store = Store::at(&self.database(), Keep::default()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let Chat { filter, tasks, .. } = Chat::new(store, options);
        tokio::spawn(async move {
            let forever = std::future::pending();
            engine_io::run(listener, filter, ServeLimits::default(), forever).await
        });
        let server = Server { port, tasks };
        server.until_health(&json!({ "status": "ok" })).await;
        server
    }
}

struct Server {
    port: u16,
    tasks: Tasks,
}

impl Server {
    /// Waits until `/health` answers 200 with this, or with this status.
    async fn until_health(&self, expected: &Value) {
        soon("the server's health", async {
            loop {
                let answer = get(self.port, "/health", "").await;
                assert_eq!(answer.status, 200, "{answer:?}");
                let body: Value = serde_json::from_str(&answer.body).unwrap();
                if body["status"] == expected["status"] {
                    return;
                }
                sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }

    /// A client of a person who is known again.
    async fn client(&self, secret: &str) -> Client {
        let mut client = Client::connect(self.port, json!({ "person": secret })).await;
        assert_eq!(client.call("join", json!(["lobby"])).await, [json!(true)]);
        client
    }

    async fn seated(&self, secret: &str, nickname: &str) -> Client {
        let mut client = self.client(secret).await;
        let answer = client.call("nickname", json!([nickname])).await;
        assert_eq!(answer, [json!(true), json!(nickname)]);
        client
    }
}

fn in_use() -> Vec<Value> {
    vec![
        json!(false),
        json!("Nickname already in use"),
        json!("refused"),
    ]
}

#[tokio::test]
async fn people_see_each_other_across_servers() {
    let Some(shared) = Shared::new().await else {
        return;
    };
    let (one, other) = (shared.server().await, shared.server().await);
    let mut ann = one.seated(ANN, "Ann").await;
    // Otherwise a slow machine gathers both into "Ann and Bob joined".
    while ann.event("announcement").await != [json!("Ann joined")] {}
    let mut bob = other.client(BOB).await;
    bob.sees(&["Ann"]).await;
    for twin in ["Ann", "aNN", "\u{410}nn"] {
        let answer = bob.call("nickname", json!([twin])).await;
        assert_eq!(answer, in_use(), "{twin}");
    }
    bob.call("nickname", json!(["Bob"])).await;
    ann.sees(&["Ann", "Bob"]).await;
    bob.sees(&["Ann", "Bob"]).await;
    while ann.event("announcement").await != [json!("Bob joined")] {}

    bob.call("nickname", json!(["Bill"])).await;
    ann.sees(&["Ann", "Bill"]).await;
    while ann.event("announcement").await != [json!("Bob is now Bill")] {}
    let answer = ann.call("nickname", json!(["Bob"])).await;
    assert_eq!(answer, [json!(true), json!("Bob")], "it is free");
    bob.sees(&["Bill", "Bob"]).await;

    let (people, number) = {
        let answer = ann.call("people", json!([])).await;
        (answer[0].clone(), answer[1].as_u64().unwrap())
    };
    assert_eq!(people, json!(["Bill", "Bob"]));
    assert!(number > 0);
    let page = get(other.port, "/", "").await.body;
    assert!(page.contains("lobby"), "{page}");
}

/// With the same secret it is the same person, whichever server a tab is connected to.
#[tokio::test]
async fn a_person_may_be_on_two_servers() {
    let Some(shared) = Shared::new().await else {
        return;
    };
    let (one, other) = (shared.server().await, shared.server().await);
    let mut watcher = other.client("somebody who watches them").await;
    let here = one.seated(ANN, "Ann").await;
    let there = other.seated(ANN, "Ann").await;
    watcher.sees(&["Ann"]).await;
    here.disconnect().await;
    // Longer than the time in which a person may come back.
    sleep(Duration::from_millis(700)).await;
    let mut bob = one.client(BOB).await;
    assert_eq!(bob.call("nickname", json!(["Ann"])).await, in_use());
    assert_eq!(watcher.count("nicknames"), 0, "she never left");
    there.disconnect().await;
    watcher.sees(&[]).await;
    soon("a free nickname", async {
        while bob.call("nickname", json!(["Ann"])).await == in_use() {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    watcher.sees(&["Ann"]).await;
}

/// A server that dies gives its people up when its lease ends; a person who comes to
/// another server in the meantime never left.
#[tokio::test]
async fn the_people_of_a_dead_server_are_given_up() {
    let Some(shared) = Shared::new().await else {
        return;
    };
    let (one, other) = (shared.server().await, shared.server().await);
    let mut watcher = other.client("somebody who watches them").await;
    let _ann = one.seated(ANN, "Ann").await;
    let _bob = one.seated(BOB, "Bob").await;
    watcher.sees(&["Ann", "Bob"]).await;
    // Nothing is said to Redis any more, not even that it ends.
    one.tasks.shutdown().await;
    let _ann = other.seated(ANN, "Ann").await;
    let answer = watcher.call("nickname", json!(["Bob"])).await;
    assert_eq!(answer, in_use(), "he may be back");
    watcher.sees(&["Ann"]).await;
    while watcher.event("announcement").await != [json!("Bob left")] {}
    let answer = watcher.call("nickname", json!(["Bob"])).await;
    assert_eq!(answer, [json!(true), json!("Bob")]);
}

/// Without Redis each server serves its own people with what it knows. When Redis is back,
/// the servers find each other again, and of two people with one nickname one keeps it.
#[tokio::test]
async fn redis_may_come_and_go() {
    let Some(mut shared) = Shared::new().await else {
        return;
    };
    let (one, other) = (shared.server().await, shared.server().await);
    let mut ann = one.seated(ANN, "Ann").await;
    let mut bob = other.seated(BOB, "Bob").await;
    ann.sees(&["Ann", "Bob"]).await;
    bob.sees(&["Ann", "Bob"]).await;

    shared.redis.stop().await;
    for server in [&one, &other] {
        server.until_health(&json!({ "status": "degraded" })).await;
    }
    let answer = ann.call("nickname", json!(["Bob"])).await;
    assert_eq!(answer, in_use(), "it is remembered");
    let mut cy = one.seated("the secret of one Cy", "Cy").await;
    let mut twin = other.seated("the secret of another Cy", "Cy").await;
    ann.sees(&["Ann", "Bob", "Cy"]).await;
    bob.sees(&["Ann", "Bob", "Cy"]).await;
    let said = ann.call("user message", json!(["still here"])).await;
    assert_eq!(said[0], json!(true));

    shared.redis.start_again().await;
    for server in [&one, &other] {
        server.until_health(&json!({ "status": "ok" })).await;
    }
    // A mark by which the lists from now on are known.
    ann.call("nickname", json!(["Anna"])).await;
    bob.sees(&["Anna", "Bob", "Cy"]).await;
    bob.call("nickname", json!(["Bill"])).await;
    ann.sees(&["Anna", "Bill", "Cy"]).await;
    let lost = "Your nickname was taken. Choose another one";
    let loser = tokio::select! {
        () = async { while cy.event("announcement").await != [json!(lost)] {} } => &mut cy,
        () = async { while twin.event("announcement").await != [json!(lost)] {} } => &mut twin,
    };
    let refused = loser.call("user message", json!(["hello"])).await;
    assert_eq!(refused[1], json!("Choose a nickname first"));
    let answer = loser.call("nickname", json!(["Cyril"])).await;
    assert_eq!(answer, [json!(true), json!("Cyril")]);
    ann.sees(&["Anna", "Bill", "Cy", "Cyril"]).await;
}

#[tokio::test]
async fn limits_hold_for_all_servers_together() {
    let Some(shared) = Shared::new().await else {
        return;
    };
    let few = || Options {
        limits: Limits {
            messages: 4,
            people_per_address: 2,
            ..Limits::NONE
        },
        ..quick()
    };
    let (one, other) = (
        shared.server_with(few()).await,
        shared.server_with(few()).await,
    );
    let said = async |server: &Server, secret, nickname| {
        let mut client = server.seated(secret, nickname).await;
        let mut count = 0;
        loop {
            let answer = client.call("user message", json!(["hi"])).await;
            if answer[0] != json!(true) {
                assert_eq!(answer[2], json!("later"), "{answer:?}");
                let seconds = answer[3].as_u64().unwrap();
                assert!((1..=31).contains(&seconds), "{answer:?}");
                return count;
            }
            count += 1;
            if count == 3 && server.port == one.port {
                return count;
            }
        }
    };
    assert_eq!(said(&one, ANN, "Ann").await, 3);
    assert_eq!(said(&other, ANN, "Ann").await, 1, "four in all");
    assert_eq!(said(&other, BOB, "Bob").await, 4);
    assert_eq!(
        said(&other, "the secret of Cy's browser", "Cy").await,
        0,
        "two people's worth for this address"
    );
}

/// On one machine, several programs can share a file.
#[tokio::test]
async fn messages_of_one_server_are_the_others_history() {
    let Some(shared) = Shared::new().await else {
        return;
    };
    let (one, other) = (shared.server().await, shared.server().await);
    let mut ann = one.seated(ANN, "Ann").await;
    let mut bob = other.seated(BOB, "Bob").await;
    let mut numbers = Vec::new();
    for number in 0..20 {
        for (client, name) in [(&mut ann, "ann"), (&mut bob, "bob")] {
            let key = format!("{name}-{number}");
            let answer = client.call("user message", json!([key, key])).await;
            assert_eq!(answer[0], json!(true), "{answer:?}");
            numbers.push(answer[1].as_i64().unwrap());
            let again = client.call("user message", json!([key, key])).await;
            assert_eq!(again, answer);
        }
    }
    assert!(numbers.is_sorted(), "{numbers:?}");
    let mut cy = other.client("somebody who comes later").await;
    while cy.event("history").await[0].as_array().unwrap().len() != 40 {}
}
