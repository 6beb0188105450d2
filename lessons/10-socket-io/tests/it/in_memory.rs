//! Tests with the client in memory: those in which time passes, and those of the client
//! itself.
#![cfg(feature = "test-client")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use socket_io::client::DisconnectReason;
use socket_io::testing::{TestClient, TestSocket};
use socket_io::{AckError, Args, Binary, Config, ConnectError, Io, Recovery, Socket};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn recovering() -> Io {
    Io::new(Config {
        recovery: Some(Recovery::default()),
        ..Config::default()
    })
}

async fn join(io: &Io) -> TestSocket {
    TestClient::new(io).join("/").await
}

// --- The server, with time that passes at once ---

#[tokio::test(start_paused = true)]
async fn a_place_is_kept_for_its_time_and_no_longer() {
    let io = recovering();
    let main = io.namespace("/").unwrap();
    for (away, back) in [(119 * SECOND, true), (121 * SECOND, false)] {
        let client = TestClient::new(&io);
        let mut ann = client.join("/").await;
        let id = ann.id();
        client.cut();
        sleep(away).await;
        assert_eq!(main.count(), 0);
        ann.rejoin().await.unwrap();
        assert_eq!((ann.recovered(), ann.id() == id), (back, back), "{away:?}");
        ann.disconnect();
        sleep(SECOND).await;
    }
}

/// A client comes, gets this value as its data, and goes without a goodbye.
async fn come_and_vanish(io: &Io, value: &Arc<()>) {
    let client = TestClient::new(io);
    let _socket = client.join("/").await;
    io.main().sockets().remove(0).data().insert(value.clone());
    client.cut();
    sleep(SECOND).await;
    assert_eq!(io.main().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_idle_server_forgets_clients_that_can_no_longer_come_back() {
    let (io, value) = (recovering(), Arc::default());
    let kept = || Arc::strong_count(&value) - 1;
    come_and_vanish(&io, &value).await;
    sleep(118 * SECOND).await;
    assert_eq!(kept(), 1, "it can still come back");
    sleep(33 * SECOND).await;
    assert_eq!(kept(), 0);
    // A shutdown does not wait for work that has no end, and a server that is opened
    // again begins anew with it.
    let start = Instant::now();
    io.shutdown(60 * SECOND).await;
    assert!(start.elapsed() < SECOND, "{:?}", start.elapsed());
    io.reopen();
    come_and_vanish(&io, &value).await;
    assert_eq!(kept(), 1);
    sleep(151 * SECOND).await;
    assert_eq!(kept(), 0);
}

#[tokio::test(start_paused = true)]
async fn forgetting_is_one_task_which_ends_when_the_server_is_shut_down_or_dropped() {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let at_first = tasks();
    let mut counts = Vec::new();
    for io in [Io::default(), recovering()] {
        come_and_vanish(&io, &Arc::default()).await;
        let open = tasks();
        io.shutdown(60 * SECOND).await;
        let shut_down = tasks();
        io.reopen();
        come_and_vanish(&io, &Arc::default()).await;
        let open_again = tasks();
        drop(io);
        // Long before the next time that something would be forgotten.
        sleep(SECOND).await;
        assert_eq!(tasks(), at_first);
        counts.push([open, shut_down, open_again]);
    }
    let [without, with] = counts[..] else {
        unreachable!()
    };
    assert_eq!(with, [without[0] + 1, without[1], without[2] + 1]);
}

#[tokio::test(start_paused = true)]
async fn a_room_is_asked_and_those_who_do_not_answer_are_counted() {
    let io = Io::default();
    let (mut seven, mut text, _silent) =
        (join(&io).await, join(&io).await, join(&io).await);
    let main = io.namespace("/").unwrap();
    let asking =
        tokio::spawn(async move { main.all().emit_with_ack::<u8>("age?", ()).await });
    seven.next().await.answer(7);
    text.next().await.answer("not a number");
    let answers = asking.await.unwrap();
    assert_eq!((answers.received, answers.missing), (vec![7], 2));
}

#[tokio::test(start_paused = true)]
async fn an_answer_can_take_for_ever() {
    let io = Io::default();
    let mut ann = join(&io).await;
    let main = io.namespace("/").unwrap();
    let socket = main.sockets().remove(0);
    let one = socket
        .emit_with_ack::<u8>("age?", ())
        .timeout(Duration::MAX);
    let question = ann.next().await;
    sleep(50_000 * SECOND).await;
    question.answer(7);
    assert_eq!(one.await.unwrap(), 7);
    let all = tokio::spawn(async move {
        let everybody = main.timeout(Duration::MAX);
        everybody.emit_with_ack::<u8>("age?", ()).await
    });
    let question = ann.next().await;
    sleep(50_000 * SECOND).await;
    question.answer(8);
    assert_eq!(all.await.unwrap().received, [8]);
}

/// Clients stay connected until it is their turn, and what is being done is finished.
#[tokio::test(start_paused = true)]
async fn a_drain_closes_clients_one_after_another_and_waits_for_handlers() {
    let done = Arc::new(Mutex::new(0));
    let io = Io::default();
    let count = done.clone();
    io.of("/", move |socket| {
        let done = count.clone();
        socket.on("work", move |socket: Socket| {
            let done = done.clone();
            async move {
                socket.emit("begun", ());
                sleep(3 * SECOND).await;
                *done.lock().unwrap() += 1;
            }
        });
    });
    let mut clients = Vec::new();
    for _ in 0..4 {
        let mut client = join(&io).await;
        client.emit("work", ());
        client.expect::<()>("begun").await;
        clients.push(client);
    }
    let start = Instant::now();
    let drain = tokio::spawn(async move { io.drain(4 * SECOND, 60 * SECOND).await });
    let mut ends = Vec::new();
    for mut client in clients {
        ends.push(tokio::spawn(async move {
            client.disconnected().await;
            start.elapsed().as_secs()
        }));
    }
    let mut times = Vec::new();
    for end in ends {
        times.push(end.await.unwrap());
    }
    times.sort_unstable();
    assert_eq!(times, [0, 1, 2, 3]);
    assert_eq!(drain.await.unwrap(), 4);
    assert_eq!(*done.lock().unwrap(), 4, "their work is done");
}

#[tokio::test(start_paused = true)]
async fn a_middleware_that_never_decides_is_given_up() {
    let io = Io::default();
    io.of("/silent", |_| {}).middleware(async |_| {
        std::future::pending::<()>().await;
        Ok(())
    });
    let client = TestClient::new(&io).patience(60 * SECOND);
    let _main = client.join("/").await;
    let start = Instant::now();
    let refusal = client.join_with("/silent", json!({})).await.unwrap_err();
    assert_eq!(
        (refusal.message.as_str(), start.elapsed()),
        ("timeout", 45 * SECOND)
    );
}

// --- The client in memory ---

fn echo() -> Io {
    let io = Io::default();
    io.of("/", |socket| {
        socket.on("echo", async |_: Socket, args: Args| args);
        socket.on("say", async |socket: Socket, args: Args| {
            socket.emit("said", args);
        });
        socket.on("out", async |socket: Socket| socket.disconnect());
        socket.on("never", async |_: Socket| {
            std::future::pending::<()>().await;
        });
        socket.on("ask me", async |socket: Socket| -> Result<u8, AckError> {
            socket.emit_with_ack("question", ()).await
        });
    });
    io
}

#[tokio::test(start_paused = true)]
async fn bytes_go_both_ways_however_large() {
    let ann = join(&echo()).await;
    let bytes = Binary::from(vec![7; 900_000]);
    let (text, back): (String, Binary) = ann.ask("echo", ("photo", bytes.clone())).await;
    assert_eq!(text, "photo");
    assert_eq!(back, bytes);
}

#[tokio::test(start_paused = true)]
async fn hours_of_heartbeats_take_no_time() {
    let mut ann = join(&echo()).await;
    sleep(5 * 3600 * SECOND).await;
    ann.emit("say", "still here");
    assert_eq!(ann.expect::<String>("said").await, "still here");
    ann.expect_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn the_end_has_a_reason_and_comes_after_the_events() {
    let io = echo();
    let client = TestClient::new(&io);
    let mut ann = client.join("/").await;
    ann.emit("say", 1);
    ann.emit("out", ());
    assert_eq!(ann.disconnected().await, DisconnectReason::Server);
    assert_eq!(ann.expect::<u8>("said").await, 1);
    ann.rejoin().await.unwrap();
    client.cut();
    assert_eq!(ann.disconnected().await, DisconnectReason::TransportClose);
    ann.rejoin().await.unwrap();
    ann.disconnect();
    assert_eq!(ann.disconnected().await, DisconnectReason::Client);
}

#[tokio::test(start_paused = true)]
async fn a_question_without_an_answer_is_an_error() {
    let io = echo();
    let client = TestClient::new(&io);
    let ann = client.join("/").await;
    let start = Instant::now();
    let never = ann.emit_with_ack::<bool>("never", ()).await;
    assert!(matches!(never, Err(AckError::Timeout)));
    assert_eq!(start.elapsed(), 10 * SECOND);
    let never = ann.emit_with_ack::<bool>("never", ());
    client.cut();
    assert!(matches!(never.await, Err(AckError::Disconnected)));
}

#[tokio::test(start_paused = true)]
async fn several_namespaces_share_a_client() {
    let io = echo();
    io.of("/two", |socket| socket.emit("welcome", 2))
        .middleware(async |socket: Socket| {
            if socket.auth()["key"] == 7 {
                return Ok(());
            }
            Err(ConnectError::new("no key"))
        });
    let client = TestClient::new(&io);
    let ann = client.join("/").await;
    let refusal = client.join_with("/two", json!({ "key": 6 })).await;
    assert_eq!(refusal.unwrap_err().message, "no key");
    assert_eq!(ann.ask::<u8>("echo", 1).await, 1);
    let mut two = TestClient::new(&io)
        .join_with("/two", json!({ "key": 7 }))
        .await
        .unwrap();
    assert_eq!(two.expect::<u8>("welcome").await, 2);
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = r#""news" was expected, and ["said",1] came"#)]
async fn another_event_than_expected_is_a_panic_that_shows_it() {
    let mut ann = join(&echo()).await;
    ann.emit("say", 1);
    ann.expect::<u8>("news").await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "said was expected, and nothing came")]
async fn an_event_that_does_not_come_is_a_panic() {
    join(&echo()).await.expect::<u8>("said").await;
}

#[tokio::test(start_paused = true)]
#[should_panic(
    expected = "an event was expected, and the end came: io server disconnect"
)]
async fn the_end_instead_of_an_event_is_a_panic() {
    let mut ann = join(&echo()).await;
    ann.emit("out", ());
    ann.next().await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = r#"nothing was expected, and ["said",1] came"#)]
async fn an_event_instead_of_nothing_is_a_panic() {
    let mut ann = join(&echo()).await;
    ann.emit("say", 1);
    ann.expect_nothing().await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "/nowhere was not joined: Invalid namespace")]
async fn a_refusal_that_is_not_expected_is_a_panic() {
    TestClient::new(&echo()).join("/nowhere").await;
}
