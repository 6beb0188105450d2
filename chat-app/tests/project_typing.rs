//! The project of chapter 11, "Who is typing": not a part of `cargo test` until you have
//! built it.
//!
//! ```sh
//! cargo test -p chat-app --test project_typing
//! ```
//!
//! The event is `typing`, with no arguments. Each case waits some seconds for an answer
//! that does not come before it is added.

#[path = "it/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use common::client::Client;
use serde_json::{Value, json};
use tokio::time::timeout;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

async fn serve() -> u16 {
    common::serve(&common::memory(), common::quick()).await
}

/// Says that this client is typing, and gives the server's answer.
async fn types(client: &mut Client) -> Vec<Value> {
    let answer = timeout(PATIENCE, client.call("typing", json!([]))).await;
    answer.expect("`typing` is not answered: is there a handler for it?")
}

/// Waits until all that was sent to this client so far has arrived.
async fn catch_up(client: &mut Client) {
    client.call("join", json!(["lobby"])).await;
}

#[tokio::test]
async fn the_others_in_the_room_hear_who_types() {
    let port = serve().await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    assert_eq!(
        types(&mut ann).await,
        [json!(true)],
        "The answer to `typing` is true."
    );
    assert_eq!(
        bob.event("typing").await,
        [json!("Ann")],
        "`typing` brings the nickname of who types."
    );
}

#[tokio::test]
async fn who_types_does_not_hear_it() {
    let port = serve().await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    types(&mut ann).await;
    catch_up(&mut ann).await;
    assert!(
        !ann.has("typing"),
        "Ann knows that she is typing. `socket.to` leaves the sender out."
    );
}

#[tokio::test]
async fn another_room_hears_nothing() {
    let port = serve().await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "attic", "Bob").await;
    types(&mut ann).await;
    bob.call("join", json!(["attic"])).await;
    assert!(
        !bob.has("typing"),
        "Bob sits in another room. Send to the room of Ann's seat."
    );
}

#[tokio::test]
async fn without_a_nickname_there_is_nothing_to_tell() {
    let port = serve().await;
    let mut ann = Client::connect(port, json!({})).await;
    let refusal = |reason: &str| [json!(false), json!(reason)];
    // A refusal may go on with its kind.
    assert_eq!(types(&mut ann).await[..2], refusal("Join a room first"));
    ann.call("join", json!(["lobby"])).await;
    assert_eq!(
        types(&mut ann).await[..2],
        refusal("Choose a nickname first")
    );
}

#[tokio::test]
async fn fast_fingers_are_one_event_a_second() {
    let port = serve().await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    let start = Instant::now();
    let mut heard = 0;
    while start.elapsed() < Duration::from_millis(2500) {
        assert_eq!(
            types(&mut ann).await,
            [json!(true)],
            "Who types fast does nothing wrong."
        );
        catch_up(&mut bob).await;
        while bob.has("typing") {
            bob.event("typing").await;
            heard += 1;
        }
    }
    assert!(
        heard >= 2,
        "Bob heard of it {heard} times in two and a half seconds: after a second, say it again."
    );
    // The last round may have taken as long as it liked.
    let most = 1 + start.elapsed().as_secs();
    assert!(
        heard <= most,
        "Bob heard of it {heard} times, {most} are enough: at most once a second for a socket."
    );
}

#[tokio::test]
async fn each_person_has_their_own_second() {
    let port = serve().await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    let mut cy = Client::seated(port, "lobby", "Cy").await;
    types(&mut ann).await;
    types(&mut bob).await;
    let first = cy.event("typing").await;
    assert_eq!(first, [json!("Ann")], "Cy learns that Ann is typing.");
    catch_up(&mut cy).await;
    assert!(
        cy.has("typing"),
        "Bob typed just after Ann, and Cy was not told: each person has their own second."
    );
}

#[tokio::test]
async fn a_refused_message_changes_nothing() {
    let port = serve().await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    // A try counts only if it took less than the second.
    for _ in 0..20 {
        let start = Instant::now();
        types(&mut ann).await;
        let answer = ann.call("user message", json!([""])).await;
        assert_eq!(answer[0], json!(false), "an empty message is refused");
        types(&mut ann).await;
        let in_time = start.elapsed() < Duration::from_millis(900);
        catch_up(&mut bob).await;
        bob.event("typing").await;
        if in_time {
            assert!(
                !bob.has("typing"),
                "Bob was told twice within a second: a refused message changes nothing."
            );
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        while bob.has("typing") {
            bob.event("typing").await;
        }
    }
    panic!("this machine never managed three requests in 900 ms");
}

#[tokio::test]
async fn a_message_ends_it() {
    let port = serve().await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    types(&mut ann).await;
    bob.event("typing").await;
    ann.call("user message", json!(["is it ready?"])).await;
    types(&mut ann).await;
    catch_up(&mut bob).await;
    assert!(
        bob.has("typing"),
        "What Ann types after her message is the next one: no second has to pass."
    );
}

#[tokio::test]
async fn nothing_of_it_is_kept() {
    let port = serve().await;
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let mut bob = Client::seated(port, "lobby", "Bob").await;
    ann.call("user message", json!(["one"])).await;
    bob.event("msg_to_room").await;
    // Bob's connection breaks. Ann types and then says something while he is away.
    let ticket = bob.ticket();
    drop(bob);
    ann.sees(&["Ann"]).await;
    types(&mut ann).await;
    ann.call("user message", json!(["two"])).await;
    let mut bob = Client::connect(port, ticket).await;
    let missed = bob.event("msg_to_room").await;
    assert_eq!(
        missed[1],
        json!("two"),
        "Bob gets the message that he missed."
    );
    assert!(
        !bob.has("typing"),
        "Typing was repeated to a client that came back. The event must be volatile."
    );
    let mut cy = Client::connect(port, json!({})).await;
    cy.call("join", json!(["lobby"])).await;
    let history = cy.event("history").await;
    let count = history[0].as_array().map_or(0, Vec::len);
    assert_eq!(count, 2, "Typing is not a message: {history:?}");
    assert!(
        !cy.has("typing"),
        "A client that joins later was told of typing before it came."
    );
}
