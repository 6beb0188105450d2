//! The chat's events, end to end: a real listener, real connections, each packet as the
//! protocol has it.

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use chat_app::store::Store;
use common::client::Client;
use engine_io::{Limits, Transports};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Serves a chat in memory until the test ends. Gives the port.
async fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (_, filter) = chat_app::app(
        Store::open(Path::new(":memory:")).unwrap(),
        Transports::ALL,
        None,
    );
    tokio::spawn(engine_io::run(
        listener,
        filter,
        Limits::default(),
        std::future::pending(),
    ));
    port
}

fn refusal(reason: &str) -> [Value; 2] {
    [json!(false), json!(reason)]
}

#[tokio::test]
async fn two_people_talk() {
    let port = serve().await;
    let mut ann = Client::seated(port, "Lobby", "Ann").await;
    assert_eq!(ann.event("history").await, [json!([])]);
    assert_eq!(ann.event("announcement").await, [json!("Ann joined")]);
    ann.sees(&["Ann"]).await;
    let mut bob = Client::seated(port, "lobby", "bob").await;
    assert_eq!(ann.event("announcement").await, [json!("bob joined")]);
    ann.sees(&["Ann", "bob"]).await;
    bob.sees(&["Ann", "bob"]).await;

    let answer = ann.call("user message", json!(["<b>hi</b>\n& bye"])).await;
    assert_eq!(answer[0], json!(true));
    let heard = bob.event("msg_to_room").await;
    assert_eq!(
        heard[..2],
        [json!("Ann"), json!("<b>hi</b>\n& bye")],
        "text is text"
    );
    assert_eq!(heard[2]["id"], answer[1]);
    assert!(
        heard[2]["at"].as_i64().unwrap() > 1_700_000_000_000,
        "milliseconds since 1970"
    );

    // One more round trip: had the sender's own message been on its way, it would be
    // here.
    ann.call("nickname", json!(["Ann"])).await;
    assert!(
        !ann.has("msg_to_room") && !ann.has("announcement"),
        "neither heard twice nor announced twice"
    );

    let mut cy = Client::connect(port, json!({})).await;
    assert_eq!(cy.call("join", json!(["lobby"])).await, [json!(true)]);
    let history = cy.event("history").await;
    assert_eq!(
        history,
        [
            json!([{ "id": heard[2]["id"], "nickname": "Ann", "text": "<b>hi</b>\n& bye", "at": heard[2]["at"] }])
        ]
    );
    cy.sees(&["Ann", "bob"]).await;
}

#[tokio::test]
async fn a_nickname_is_one_persons() {
    let port = serve().await;
    let ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::connect(port, json!({})).await;
    bob.call("join", json!(["lobby"])).await;
    for twin in ["Ann", " aNN ", "Ａｎｎ"] {
        assert_eq!(
            bob.call("nickname", json!([twin])).await,
            refusal("Nickname already in use"),
            "{twin}"
        );
    }
    assert_eq!(
        bob.call("nickname", json!([" Bob  B. "])).await,
        [json!(true), json!("Bob B.")]
    );
    bob.sees(&["Ann", "Bob B."]).await;
    ann.disconnect().await;
    assert_eq!(bob.event("announcement").await, [json!("Bob B. joined")]);
    assert_eq!(bob.event("announcement").await, [json!("Ann left")]);
    bob.sees(&["Bob B."]).await;
    assert_eq!(
        bob.call("nickname", json!(["Ann"])).await,
        [json!(true), json!("Ann")],
        "free again"
    );
    assert_eq!(
        bob.event("announcement").await,
        [json!("Bob B. is now Ann")]
    );
    bob.sees(&["Ann"]).await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_the_reason() {
    let port = serve().await;
    let mut ann = Client::connect(port, json!({})).await;
    assert_eq!(
        ann.call("nickname", json!(["Ann"])).await,
        refusal("Join a room first")
    );
    assert_eq!(
        ann.call("user message", json!(["hi"])).await,
        refusal("Join a room first")
    );
    assert_eq!(
        ann.call("join", json!(["?!"])).await,
        refusal("A room's name needs a letter or a digit")
    );
    assert_eq!(
        ann.call("join", json!(["x".repeat(65)])).await,
        refusal("A room's name has at most 64 characters")
    );
    ann.call("join", json!(["lobby"])).await;
    assert_eq!(
        ann.call("user message", json!(["hi"])).await,
        refusal("Choose a nickname first")
    );
    assert_eq!(
        ann.call("nickname", json!([" "])).await,
        refusal("A nickname needs at least one character")
    );
    assert_eq!(
        ann.call("nickname", json!(["n".repeat(33)])).await,
        refusal("A nickname has at most 32 characters")
    );
    ann.call("nickname", json!(["Ann"])).await;
    assert_eq!(
        ann.call("user message", json!([" \n"])).await,
        refusal("The message is empty")
    );
    assert_eq!(
        ann.call("user message", json!(["x".repeat(4001)])).await,
        refusal("A message has at most 4000 characters")
    );
    for misfit in [
        json!([]),
        json!([7]),
        json!([{ "text": "hi" }]),
        json!([null]),
    ] {
        let answer = ann.call("user message", misfit).await;
        assert_eq!(answer[0], json!(false), "{answer:?}");
        assert!(
            answer[1].as_str().unwrap().starts_with("invalid arguments"),
            "{answer:?}"
        );
    }
    // Nothing of this was kept, and nothing of it closed anything.
    assert_eq!(ann.event("history").await, [json!([])]);
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    assert_eq!(bob.event("history").await, [json!([])]);
    assert_eq!(
        ann.call("user message", json!(["x".repeat(4000)])).await[0],
        json!(true)
    );
}

#[tokio::test]
async fn one_room_at_a_time() {
    let port = serve().await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    assert_eq!(bob.call("join", json!(["attic"])).await, [json!(true)]);
    assert_eq!(
        bob.call("user message", json!(["hi"])).await,
        refusal("Choose a nickname first")
    );
    ann.sees(&["Ann"]).await;
    assert_eq!(
        bob.call("nickname", json!(["ann"])).await,
        [json!(true), json!("ann")],
        "rooms are apart"
    );
    ann.call("user message", json!(["to the lobby"])).await;
    // One more round trip: had a message crossed the wall, it would be here.
    bob.call("user message", json!(["to the attic"])).await;
    ann.call("nickname", json!(["Ann"])).await;
    assert!(!ann.has("msg_to_room") && !bob.has("msg_to_room"));
}

/// The most lists of nicknames that a room is sent in this time when nothing changes: a
/// list is repeated once after a change, and the repetition covers ten seconds.
fn repeats(since: Instant) -> usize {
    usize::try_from(since.elapsed().as_secs()).unwrap() / 10 + 1
}

#[tokio::test]
async fn joining_the_room_one_sits_in_sends_nothing_new() {
    let port = serve().await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    bob.sees(&["Ann", "Bob"]).await;
    ann.event("history").await;
    let since = Instant::now();
    for _ in 0..20 {
        assert_eq!(ann.call("join", json!(["Lobby"])).await, [json!(true)]);
        // Longer than changes are collected: each would be a list of its own.
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    // A round trip through the room: whatever was sent before is here.
    ann.call("user message", json!(["still here"])).await;
    assert_eq!(bob.event("msg_to_room").await[0], json!("Ann"));
    let lists = bob.count("nicknames");
    assert!(lists <= repeats(since), "{lists} lists of the same people");
    assert_eq!(ann.count("history"), 0, "the history comes once");
}

/// Lists of who is there are soon outdated. Kept for those who are away, they would push
/// out of the log what was said.
#[tokio::test]
async fn lists_of_nicknames_are_not_kept_for_recovery() {
    const CHANGES: usize = 8;
    let port = serve().await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    bob.sees(&["Ann", "Bob"]).await;
    bob.call("user message", json!(["one"])).await;
    ann.event("msg_to_room").await;
    let ticket = ann.ticket();
    drop(ann);
    bob.sees(&["Bob"]).await;
    let since = Instant::now();
    for number in 0..CHANGES {
        let name = format!("Bob {number}");
        bob.call("nickname", json!([name])).await;
        bob.sees(&[&name]).await;
    }
    bob.call("user message", json!(["two"])).await;
    let mut ann = Client::connect(port, ticket).await;
    assert_eq!(ann.event("msg_to_room").await[1], json!("two"));
    let lists = ann.count("nicknames");
    assert!(
        lists <= repeats(since),
        "{lists} of {CHANGES} outdated lists"
    );
}

/// The page asks for its room after each connect, and what it said just before the break
/// is in the history and nowhere else.
#[tokio::test]
async fn a_recovered_client_that_joins_again_gets_the_history() {
    let port = serve().await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    ann.event("history").await;
    bob.call("user message", json!(["one"])).await;
    ann.event("msg_to_room").await;
    let ticket = ann.ticket();
    ann.call("user message", json!(["was it stored?"])).await;
    drop(ann);
    let mut ann = Client::connect(port, ticket).await;
    assert_eq!(ann.call("join", json!(["lobby"])).await, [json!(true)]);
    let history = ann.event("history").await;
    assert_eq!(history[0][1]["text"], json!("was it stored?"));
    let answer = ann.call("user message", json!(["still Ann"])).await;
    assert_eq!(answer[0], json!(true), "{answer:?}");
}

#[tokio::test]
async fn one_senders_messages_stay_in_order() {
    const COUNT: usize = 300;
    let port = serve().await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    let mut calls = Vec::new();
    for number in 0..COUNT {
        calls.push(
            ann.start_call("user message", json!([number.to_string()]))
                .await,
        );
    }
    let mut last = 0;
    for (number, sent) in calls.into_iter().enumerate() {
        let heard = bob.event("msg_to_room").await;
        assert_eq!(heard[1], json!(number.to_string()));
        let id = heard[2]["id"].as_i64().unwrap();
        assert!(id > last, "ids grow");
        last = id;
        let (call, answer) = common::soon("an acknowledgement", ann.answer())
            .await
            .unwrap();
        assert_eq!((call, answer), (sent, vec![json!(true), json!(id)]));
    }
}

/// The connection breaks with no goodbye. Whoever comes back with the person's secret
/// finds the nickname; others do not.
#[tokio::test]
async fn a_nickname_waits_for_a_lost_connection() {
    let port = serve().await;
    let secret = json!({ "person": "a secret of this browser tab" });
    let mut ann = Client::connect(port, secret.clone()).await;
    ann.call("join", json!(["lobby"])).await;
    ann.call("nickname", json!(["Ann"])).await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    bob.sees(&["Ann", "Bob"]).await;

    // A new connection while the server still believes in the old one: a reload, another
    // network.
    let mut again = Client::connect(port, secret.clone()).await;
    again.call("join", json!(["lobby"])).await;
    assert_eq!(
        again.call("nickname", json!(["Ann"])).await,
        [json!(true), json!("Ann")]
    );
    drop(ann);
    drop(again);
    bob.sees(&["Bob"]).await;
    assert_eq!(
        bob.call("nickname", json!(["Ann"])).await,
        refusal("Nickname already in use")
    );

    let mut back = Client::connect(port, secret).await;
    back.call("join", json!(["lobby"])).await;
    assert_eq!(
        back.call("nickname", json!(["Ann"])).await,
        [json!(true), json!("Ann")]
    );
    bob.sees(&["Ann", "Bob"]).await;
    back.disconnect().await;
    bob.sees(&["Bob"]).await;
    for text in ["Bob joined", "Ann left", "Ann joined", "Ann left"] {
        assert_eq!(
            bob.event("announcement").await,
            [json!(text)],
            "a second connection is not a second Ann"
        );
    }
    assert_eq!(
        bob.call("nickname", json!(["Ann"])).await[0],
        json!(true),
        "who left on purpose keeps nothing"
    );
}

/// Without a secret nobody could prove to be the same person, so the nickname is free at
/// once.
#[tokio::test]
async fn a_stranger_keeps_no_nickname() {
    let port = serve().await;
    let ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    bob.sees(&["Ann", "Bob"]).await;
    drop(ann);
    bob.sees(&["Bob"]).await;
    assert_eq!(bob.call("nickname", json!(["Ann"])).await[0], json!(true));
}

/// Connection state recovery: same socket, same room, same nickname, and what was said
/// meanwhile, once.
#[tokio::test]
async fn a_recovered_client_missed_nothing() {
    let port = serve().await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    bob.sees(&["Ann", "Bob"]).await;
    bob.call("user message", json!(["one"])).await;
    ann.event("msg_to_room").await;
    let (sid, ticket) = (ann.connected["sid"].clone(), ann.ticket());
    drop(ann);
    while bob.event("announcement").await != [json!("Ann left")] {}
    bob.call("user message", json!(["two"])).await;
    bob.call("user message", json!(["three"])).await;

    let mut ann = Client::connect(port, ticket).await;
    assert_eq!(ann.connected["sid"], sid);
    assert_eq!(ann.event("msg_to_room").await[1], json!("two"));
    assert_eq!(ann.event("msg_to_room").await[1], json!("three"));
    while bob.event("announcement").await != [json!("Ann is back")] {}
    bob.sees(&["Ann", "Bob"]).await;
    let answer = ann.call("user message", json!(["four"])).await;
    assert_eq!(
        answer[0],
        json!(true),
        "still in the room, still Ann: {answer:?}"
    );
    assert!(!ann.has("msg_to_room"));
    assert_eq!(
        bob.event("msg_to_room").await[..2],
        [json!("Ann"), json!("four")]
    );
}

/// Without a secret the nickname is free meanwhile. Who took it keeps it, and the one who
/// is back is told.
#[tokio::test]
async fn a_recovered_client_may_find_its_nickname_taken() {
    let port = serve().await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    bob.sees(&["Ann", "Bob"]).await;
    bob.call("user message", json!(["one"])).await;
    ann.event("msg_to_room").await;
    let ticket = ann.ticket();
    drop(ann);
    bob.sees(&["Bob"]).await;
    bob.call("nickname", json!(["Ann"])).await;

    let mut ann = Client::connect(port, ticket).await;
    while ann.event("announcement").await[0]
        != json!("Somebody took your nickname. Choose another one")
    {}
    assert_eq!(
        ann.call("user message", json!(["hi"])).await,
        refusal("Choose a nickname first")
    );
    assert_eq!(ann.call("nickname", json!(["Anna"])).await[0], json!(true));
}
