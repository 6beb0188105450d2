//! The chat's events, end to end: a real listener, real connections, each packet as the
//! protocol has it.

use std::time::Duration;

use chat_app::Options;
use chat_app::limits::Limits;
use chat_app::presence::MAX_LISTED;
use serde_json::{Value, json};

use crate::common::client::Client;
use crate::common::{self, memory, quick};

/// Serves a chat in memory until the test ends. Returns the port.
async fn serve() -> u16 {
    common::serve(&memory(), quick()).await
}

/// The acknowledgement of an event that is refused for what it is.
fn refusal(reason: &str) -> Vec<Value> {
    vec![json!(false), json!(reason), json!("refused")]
}

/// The acknowledgement of an event that comes too early.
fn not_yet(reason: &str) -> Vec<Value> {
    vec![json!(false), json!(reason), json!("later"), json!(1)]
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
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    ann.event("announcement").await;
    let mut bob = Client::connect(port, json!({})).await;
    bob.call("join", json!(["lobby"])).await;
    for twin in ["Ann", " aNN ", "Ａｎｎ", "\u{410}nn"] {
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
    assert_eq!(bob.event("announcement").await, [json!("Bob B. joined")]);
    ann.disconnect().await;
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
        not_yet("Join a room first")
    );
    assert_eq!(
        ann.call("user message", json!(["hi"])).await,
        not_yet("Join a room first")
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
        not_yet("Choose a nickname first")
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
        not_yet("Choose a nickname first")
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

#[tokio::test]
async fn joining_the_room_one_sits_in_sends_nothing_new() {
    let port = serve().await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    bob.sees(&["Ann", "Bob"]).await;
    ann.event("history").await;
    for _ in 0..20 {
        assert_eq!(ann.call("join", json!(["Lobby"])).await, [json!(true)]);
        // Longer than changes are collected: without the check each would be a separate list.
        tokio::time::sleep(quick().timing.debounce * 2).await;
    }
    // A round trip through the room: whatever was sent before is here.
    ann.call("user message", json!(["still here"])).await;
    assert_eq!(bob.event("msg_to_room").await[0], json!("Ann"));
    assert_eq!(bob.count("nicknames"), 0, "the people are the same");
    assert_eq!(ann.count("history"), 0, "the history comes once");
}

/// Lists of who is there are soon outdated. Kept for those who are away, they would push
/// out of the log what was said.
#[tokio::test]
async fn presence_is_not_kept_for_recovery() {
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
    for number in 0..CHANGES {
        let name = format!("Bob {number}");
        bob.call("nickname", json!([name])).await;
        bob.sees(&[&name]).await;
    }
    bob.call("user message", json!(["two"])).await;
    let mut ann = Client::connect(port, ticket).await;
    assert_eq!(ann.event("msg_to_room").await[1], json!("two"));
    for event in ["nicknames", "people", "announcement"] {
        assert_eq!(ann.count(event), 0, "{event} is outdated");
    }
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

/// The connection breaks with no goodbye. A client that comes back with the person's
/// secret finds the nickname; others do not.
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
    assert_eq!(
        bob.call("nickname", json!(["Ann"])).await[0],
        json!(true),
        "a person who left on purpose keeps nothing for long"
    );
}

/// A reload, or a tab that the secret makes the same person: nobody is told, and nobody
/// else can take the nickname.
#[tokio::test]
async fn a_return_within_a_moment_is_silent() {
    let port = serve().await;
    let secret = "a secret of this browser";
    let seated = async |goodbye: Option<Client>| {
        if let Some(client) = goodbye {
            client.disconnect().await;
        }
        let mut client = Client::connect(port, json!({})).await;
        client.call("join", json!(["lobby"])).await;
        let answer = client.call("nickname", json!(["Ann", secret])).await;
        assert_eq!(answer, [json!(true), json!("Ann")]);
        client
    };
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    bob.event("announcement").await;
    let mut ann = seated(None).await;
    bob.sees(&["Ann", "Bob"]).await;
    assert_eq!(bob.event("announcement").await, [json!("Ann joined")]);
    for _ in 0..3 {
        ann = seated(Some(ann)).await;
    }
    let second_tab = seated(None).await;
    drop(ann);
    // Longer than she would have been waited for.
    tokio::time::sleep(quick().timing.linger * 2).await;
    bob.call("nickname", json!(["Bob"])).await;
    assert!(!bob.has("announcement"), "nothing to announce");
    assert!(!bob.has("nicknames"), "nothing has changed");
    second_tab.disconnect().await;
    assert_eq!(bob.event("announcement").await, [json!("Ann left")]);
}

/// Without a secret a client cannot prove to be the same person, so the nickname is free at
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
    ann.event("announcement").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    assert_eq!(bob.event("announcement").await, [json!("Bob joined")]);
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
    while bob.event("announcement").await != [json!("Ann joined")] {}
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

/// Without a secret the nickname is free in the meantime. The person who took it keeps it,
/// and the client that is back is told.
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
        != json!("Your nickname was taken. Choose another one")
    {}
    assert_eq!(
        ann.call("user message", json!(["hi"])).await,
        not_yet("Choose a nickname first")
    );
    assert_eq!(ann.call("nickname", json!(["Anna"])).await[0], json!(true));
}

/// The page sends a message again when it does not know whether it arrived.
#[tokio::test]
async fn a_message_with_an_id_is_stored_once() {
    let store = memory();
    let port = common::serve(&store, quick()).await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    let first = ann.call("user message", json!(["hi", "id-1"])).await;
    assert_eq!(first[0], json!(true), "{first:?}");
    let heard = bob.event("msg_to_room").await;
    assert_eq!(heard[2]["key"], json!("id-1"));
    assert_eq!(heard[2]["id"], first[1]);

    // A thousand messages in between, and another connection.
    for number in 0..1000 {
        let text = number.to_string();
        store.add_message("lobby", "Cy", &text, None).await.unwrap();
    }
    let mut tab = Client::seated(port, "lobby", "Ann's other tab").await;
    for client in [&mut ann, &mut tab] {
        let again = client.call("user message", json!(["hi", "id-1"])).await;
        assert_eq!(again, first);
    }
    let (one, other) = (json!(["both", "id-2"]), json!(["both", "id-2"]));
    let (one, other) = tokio::join!(
        ann.call("user message", one),
        tab.call("user message", other)
    );
    assert_eq!(one, other, "at the same moment");
    assert_ne!(one[1], first[1]);
    assert_eq!(bob.event("msg_to_room").await[1], json!("both"));
    ann.call("user message", json!(["hi", "id-3"])).await;
    let heard = bob.event("msg_to_room").await;
    assert_eq!(
        heard[2]["key"],
        json!("id-3"),
        "the same words, another message"
    );

    // Another room knows nothing of it.
    ann.call("join", json!(["attic"])).await;
    ann.call("nickname", json!(["Ann"])).await;
    let there = ann.call("user message", json!(["hi", "id-1"])).await;
    assert_ne!(there, first);

    for id in ["", " ", "\u{e9}", "a b", &"x".repeat(65)] {
        assert_eq!(
            ann.call("user message", json!(["hi", id])).await,
            refusal("A message's id has 1 to 64 visible ASCII characters"),
            "{id:?}"
        );
    }
}

#[tokio::test]
async fn older_messages_are_there_to_be_read() {
    let store = memory();
    let port = common::serve(&store, quick()).await;
    let mut ann = Client::connect(port, json!({})).await;
    assert_eq!(
        ann.call("history", json!([10])).await,
        not_yet("Join a room first")
    );
    ann.call("join", json!(["lobby"])).await;
    let mut numbers = Vec::new();
    for number in 0..120 {
        let text = number.to_string();
        let key = (number == 3).then_some("three");
        let stored = store.add_message("lobby", "Bob", &text, key).await.unwrap();
        numbers.push(stored.meta.id);
    }
    let mut read = Vec::new();
    let mut before = i64::MAX;
    loop {
        let page = ann.call("history", json!([before])).await;
        let page = page[0].as_array().unwrap().clone();
        assert!(page.len() <= 50);
        let Some(first) = page.first() else { break };
        before = first[2]["id"].as_i64().unwrap();
        read.splice(0..0, page);
    }
    let ids: Vec<_> = read
        .iter()
        .map(|it| it[2]["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, numbers, "all of them, oldest first, none twice");
    assert_eq!([&read[3][0], &read[3][1]], [&json!("Bob"), &json!("3")]);
    assert_eq!(read[3][2]["key"], json!("three"));
    assert_eq!(ann.call("history", json!([0])).await, [json!([])]);
}

/// Each kind of action has a bucket, and a refusal says when to try again.
#[tokio::test]
async fn too_much_is_refused_with_the_reason_and_a_time() {
    let limits = Limits {
        messages: 2,
        renames: 2,
        joins: 2,
        new_rooms: 2,
        people_per_address: 10,
        ..Limits::NONE
    };
    let options = Options { limits, ..quick() };
    let port = common::serve(&memory(), options).await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    ann.call("join", json!(["attic"])).await;
    ann.call("nickname", json!(["Ann"])).await;
    for (event, arguments, what) in [
        ("join", json!(["cellar"]), "visits to rooms"),
        ("nickname", json!(["Anna"]), "nicknames"),
        ("user message", json!(["three"]), "messages"),
    ] {
        if event == "user message" {
            for text in ["one", "two"] {
                let answer = ann.call(event, json!([text])).await;
                assert_eq!(answer[0], json!(true), "{answer:?}");
            }
        }
        let answer = ann.call(event, arguments).await;
        let reason = answer[1].as_str().unwrap();
        assert!(reason.starts_with(&format!("Too many {what}.")), "{reason}");
        assert_eq!([&answer[0], &answer[2]], [&json!(false), &json!("later")]);
        assert!(
            (1..=31).contains(&answer[3].as_u64().unwrap()),
            "{answer:?}"
        );
    }
    let answer = ann.call("nickname", json!(["Ann"])).await;
    assert_eq!(
        answer[0],
        json!(true),
        "the name that she has costs nothing"
    );
    let answer = bob.call("user message", json!(["hi"])).await;
    assert_eq!(answer[0], json!(true), "Bob has his own");
}

#[tokio::test]
async fn one_address_makes_so_many_rooms_and_no_more() {
    let limits = Limits {
        rooms_per_address: 3,
        ..Limits::NONE
    };
    let options = Options { limits, ..quick() };
    let port = common::serve(&memory(), options).await;
    let mut ann = Client::connect(port, json!({})).await;
    for room in ["one", "two", "three", "one"] {
        assert_eq!(ann.call("join", json!([room])).await, [json!(true)]);
    }
    let mut bob = Client::connect(port, json!({})).await;
    let answer = bob.call("join", json!(["four"])).await;
    assert_eq!(
        answer[..3],
        [
            json!(false),
            json!("Your network has made as many rooms as it may"),
            json!("later")
        ]
    );
    let form = common::post(port, "/rooms", "", "name=four").await;
    assert_eq!(form.status, 400, "the form is no way around");
}

/// A room without a message goes away when it is empty.
#[tokio::test]
async fn an_unspoken_room_goes_away() {
    let silent = Duration::from_millis(200);
    let options = Options { silent, ..quick() };
    let store = memory();
    let port = common::serve(&store, options).await;
    let mut lobby = Client::connect_to(port, "/rooms", json!({})).await.unwrap();
    assert_eq!(lobby.event("rooms").await, [json!([])]);
    let mut ann = Client::seated(port, "spoken", "Ann").await;
    ann.call("user message", json!(["hello"])).await;
    ann.call("join", json!(["empty"])).await;
    ann.call("join", json!(["occupied"])).await;
    assert_eq!(lobby.event("gone").await, [json!("empty")]);
    assert!(store.directory().room("spoken").is_some());
    // Several rounds later.
    tokio::time::sleep(silent * 4).await;
    assert!(store.directory().room("occupied").is_some(), "Ann is there");
    let answer = ann.call("join", json!(["empty"])).await;
    assert_eq!(answer, [json!(true)], "and can be made again");
    assert_eq!(lobby.event("gone").await, [json!("occupied")]);
}

/// The page with the list of rooms is told what changes.
#[tokio::test]
async fn the_list_of_rooms_is_live() {
    let port = serve().await;
    let mut ann = Client::seated(port, "Lobby", "Ann").await;
    ann.call("user message", json!(["first line\nsecond"]))
        .await;
    ann.event("nicknames").await;
    let mut list = Client::connect_to(port, "/rooms", json!({})).await.unwrap();
    let rooms = list.event("rooms").await;
    let room = &rooms[0][0];
    assert_eq!(room["name"], json!("Lobby"));
    assert_eq!(room["slug"], json!("lobby"));
    assert_eq!(room["people"], json!(1));
    assert_eq!(room["last"]["nickname"], json!("Ann"));
    assert_eq!(room["last"]["text"], json!("first line"));
    assert!(room["last"]["time"].as_i64().unwrap() > 1_700_000_000_000);

    let mut bob = Client::seated(port, "Attic", "Bob").await;
    let changed = async |list: &mut Client, ready: &dyn Fn(&Value) -> bool| {
        while !ready(&list.event("room").await[0]) {}
    };
    changed(&mut list, &|room| {
        room["slug"] == "attic" && room["people"] == 1 && room["last"].is_null()
    })
    .await;
    bob.call("user message", json!(["hi"])).await;
    changed(&mut list, &|room| room["last"]["text"] == "hi").await;
    bob.disconnect().await;
    changed(&mut list, &|room| {
        room["slug"] == "attic" && room["people"] == 0
    })
    .await;
}

/// A large room is not sent the whole list each time that a person joins or leaves.
#[tokio::test]
async fn a_large_room_is_sent_changes() {
    let port = serve().await;
    let mut crowd = Vec::new();
    for number in 0..=MAX_LISTED {
        let name = format!("guest {number:02}");
        crowd.push(Client::seated(port, "lobby", &name).await);
    }
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    // The list that she is sent may name people, herself as well, whom the next change
    // brings to everybody. So the one before her says when all have been told of her.
    let before = crowd.last_mut().unwrap();
    let told = loop {
        let change = before.event("people").await;
        let joined = change[0]["joined"].as_array().unwrap();
        if joined.contains(&json!("Ann")) {
            break change[0]["number"].as_u64().unwrap();
        }
    };
    let mut number = None;
    while number != Some(told) {
        let change = ann.event("people").await;
        let next = change[0]["number"].as_u64().unwrap();
        assert!(
            number.is_none_or(|number| next == number + 1),
            "none is missed"
        );
        number = Some(next);
    }
    let asked = ann.call("people", json!([])).await;
    assert_eq!(asked[0].as_array().unwrap().len(), MAX_LISTED + 2);
    assert_eq!(asked[1], json!(told));
    ann.call("nickname", json!(["Anna"])).await;
    let change = ann.event("people").await;
    assert_eq!(change[0]["renamed"], json!([["Ann", "Anna"]]));
    assert_eq!(
        [&change[0]["joined"], &change[0]["left"]],
        [&json!([]), &json!([])]
    );
    let mut bob = Client::connect(port, json!({})).await;
    bob.call("join", json!(["lobby"])).await;
    bob.event("nicknames").await;
    crowd.pop().unwrap().disconnect().await;
    let change = bob.event("people").await;
    assert_eq!(change[0]["left"], json!([format!("guest {MAX_LISTED}")]));
    let asked = bob.call("people", json!([])).await;
    assert_eq!(asked[0].as_array().unwrap().len(), MAX_LISTED + 1);
    assert_eq!(asked[1], change[0]["number"]);
}
