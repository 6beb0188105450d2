//! Several servers with one adapter: an event, a change or a question on one of them reaches
//! the sockets of all, and a mistake of an adapter ends no more than one call.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt, ready};
use futures_util::stream::BoxStream;
use serde_json::{Value, json};
use socket_io::{
    Ack, AckStep, Adapter, AdapterError, Adapters, Answers, Binary, Change, Config, Io,
    JoinError, Local, Namespace, OutgoingEvent, Recovery, Restoring, Room, Selection,
    ServerAnswers, SessionRecord, Socket, SocketId, SocketInfo,
};
use tokio::sync::mpsc;

use crate::hub::Hub;
use crate::support::{Client, calm, serve, soon, until};

fn server(hub: &Hub, name: &str) -> Io {
    Io::new(Config {
        adapters: hub.adapters(name),
        ..calm()
    })
}

fn two() -> (Hub, Io, Io) {
    let hub = Hub::default();
    let (one, other) = (server(&hub, "one"), server(&hub, "other"));
    (hub, one, other)
}

async fn join(io: &Io, room: &str) -> (Client, String) {
    let address = serve(io).await;
    let (client, said) = Client::join(address, "/", "").await;
    let id = said["sid"].as_str().unwrap().to_owned();
    io.socket(&id).unwrap().join(room).unwrap();
    (client, id)
}

#[tokio::test]
async fn a_broadcast_reaches_the_selected_sockets_of_both_servers_once() {
    let (_hub, one, other) = two();
    let (mut ann, ann_id) = join(&one, "tea").await;
    let (mut bob, bob_id) = join(&other, "tea").await;
    let (mut cid, _) = join(&other, "cake").await;
    other.socket(&bob_id).unwrap().join("cake").unwrap();

    one.to("tea").to("cake").emit("a", ());
    one.to("tea").except("cake").emit("b", ());
    other.socket(&bob_id).unwrap().to("tea").emit("c", ());
    let ann_socket = one.socket(&ann_id).unwrap();
    other.except(&ann_socket).emit("d", Binary::from(vec![7]));
    let bob_is: SocketId = bob_id.parse().unwrap();
    one.to(bob_is).compress(false).emit("e", ());
    other.main().local().emit("f", ());

    for event in ["a", "b", "c"] {
        assert_eq!(ann.packet().await, format!(r#"2["{event}"]"#));
    }
    for (client, heard) in [(&mut bob, &["e", "f"][..]), (&mut cid, &["f"])] {
        assert_eq!(client.packet().await, r#"2["a"]"#);
        let attached = client.packet().await;
        assert_eq!(attached, r#"51-["d",{"_placeholder":true,"num":0}]"#);
        assert_eq!(client.binary().await, [7]);
        for event in heard {
            assert_eq!(client.packet().await, format!(r#"2["{event}"]"#));
        }
    }
    let drained = async |io: &Io| {
        for socket in io.main().sockets() {
            socket.drained().await.unwrap();
        }
    };
    drained(&one).await;
    drained(&other).await;
    one.main().volatile().emit("g", 1);
    for client in [&mut ann, &mut bob, &mut cid] {
        assert_eq!(client.packet().await, r#"2["g",1]"#);
    }
}

#[tokio::test]
async fn sockets_of_the_other_server_join_leave_and_are_disconnected() {
    let (_hub, one, other) = two();
    let (_ann, ann_id) = join(&one, "tea").await;
    let (mut bob, bob_id) = join(&other, "tea").await;
    one.to("tea").sockets_join("garden");
    assert_eq!(
        (one.to("garden").count(), other.to("garden").count()),
        (1, 1)
    );
    let bob_is: SocketId = bob_id.parse().unwrap();
    one.to(bob_is.clone()).sockets_leave("garden");
    assert_eq!(
        (one.to("garden").count(), other.to("garden").count()),
        (1, 0)
    );
    one.main().local().sockets_leave("garden");
    assert_eq!(one.main().rooms(), ["tea".into()]);

    one.to("tea").except(bob_is).disconnect_sockets(false);
    assert!(one.socket(&ann_id).is_none());
    assert_eq!(other.main().count(), 1);
    one.main().all().disconnect_sockets(true);
    assert_eq!(bob.end().await, ["41"]);
}

#[tokio::test]
async fn answers_come_from_the_clients_of_both_servers() {
    let (hub, one, other) = two();
    let (mut ann, ann_id) = join(&one, "tea").await;
    let (mut bob, _) = join(&other, "tea").await;
    let (cid, _) = join(&other, "tea").await;
    let (_dot, dot_id) = join(&one, "tea").await;
    let tea = one.to("tea").timeout(Duration::from_millis(300));
    let asking = tokio::spawn(async move {
        let answers: Answers<u8> = tea.emit_with_ack("cups?", ()).await;
        answers
    });
    for (client, cups) in [(&mut ann, 1), (&mut bob, 2)] {
        let question = client.packet().await;
        let id = question.trim_start_matches('2').split('[').next().unwrap();
        client.send(&format!("3{id}[{cups}]")).await;
    }
    cid.vanish();
    let answers = soon("the answers", asking).await.unwrap();
    let received: BTreeSet<u8> = answers.received.iter().copied().collect();
    assert_eq!(received, BTreeSet::from([1, 2]));
    let of_ann = answers.received.iter().position(|cups| *cups == 1).unwrap();
    let by: Vec<_> = answers.answered_by.iter().map(|it| it.as_ref()).collect();
    assert_eq!(by[of_ann].unwrap().as_str(), ann_id);
    assert_eq!(by[1 - of_ann], None, "the other server's");
    assert_eq!(answers.missing, 2, "one is silent, one has gone");
    let missing: Vec<_> = answers.missing_from.iter().map(SocketId::as_str).collect();
    assert_eq!(missing, [dot_id], "as far as known");
    assert_eq!(answers.error, None);

    hub.kill("other");
    let nobody: Answers<u8> = one.to("nobody").emit_with_ack("cups?", ()).await;
    let error = nobody.error.unwrap();
    assert_eq!(
        error.to_string(),
        "0 of 1 servers answered in time; missing: other"
    );
    let here: Answers<u8> = one.to("nobody").local().emit_with_ack("cups?", ()).await;
    assert_eq!(here.error, None, "the other server was not asked");
}

#[tokio::test]
async fn sockets_of_both_servers_are_fetched_with_rooms_data_and_handshake() {
    let (hub, one, other) = two();
    let (_ann, _) = join(&one, "tea").await;
    let address = serve(&other).await;
    let (mut bob, said) = Client::join(address, "/", r#"{"token":"secret"}"#).await;
    let bob_id = said["sid"].as_str().unwrap();
    let socket = other.socket(bob_id).unwrap();
    socket.join("tea").unwrap();
    assert_eq!(socket.data().shared(), Value::Null);
    socket.data().share(json!({ "nickname": "Bob" })).unwrap();

    let all = one.fetch_sockets().await.unwrap();
    assert_eq!(all.len(), 2);
    let remote = all.iter().find(|it| it.id().as_str() == bob_id).unwrap();
    assert_eq!(remote.rooms(), ["tea"]);
    assert_eq!(remote.data()["nickname"], "Bob");
    let handshake = remote.handshake();
    assert_eq!(handshake["auth"]["token"], "secret");
    assert_eq!(handshake["query"]["transport"], "websocket");
    assert_eq!(handshake["address"], "127.0.0.1");
    assert_eq!(handshake["url"], "/socket.io/?EIO=4&transport=websocket");
    assert_eq!(handshake["xdomain"], false);
    assert_eq!(handshake["secure"], false);
    assert!(handshake["headers"]["host"].is_string());
    assert!(handshake["time"].as_str().unwrap().ends_with(" GMT"));
    assert!(handshake["issued"].as_u64().unwrap() > 1_700_000_000_000);

    remote.emit("hello", "Bob");
    assert_eq!(bob.packet().await, r#"2["hello","Bob"]"#);
    remote.join("garden");
    remote.leave("tea");
    assert_eq!(socket.rooms(), ["garden".into()]);
    assert_eq!(remote.rooms(), ["tea"], "as old as the answer");
    remote.disconnect(true);
    assert_eq!(bob.end().await, ["41"]);

    let here = one.main().local().fetch_sockets().await.unwrap();
    assert_eq!(here.len(), 1);
    hub.kill("other");
    let Err(AdapterError::Timeout {
        answered: 0,
        expected: 1,
        missing,
    }) = one.fetch_sockets().await
    else {
        panic!("the other server is dead")
    };
    assert_eq!(missing, ["other"]);
    assert!(one.main().local().fetch_sockets().await.is_ok());
}

#[tokio::test]
async fn rooms_and_servers_are_counted_across_the_cluster() {
    let (hub, one, other) = two();
    let (_ann, _) = join(&one, "tea").await;
    let (_bob, _) = join(&other, "tea").await;
    let (_cid, _) = join(&other, "cake").await;
    assert_eq!(one.main().rooms(), ["tea".into()]);
    let rooms = one.main().fetch_rooms().await.unwrap();
    assert_eq!(rooms, ["cake".into(), "tea".into()]);
    assert_eq!(one.server_count().await, Ok(2));
    hub.kill("other");
    assert!(one.main().fetch_rooms().await.is_err());
    assert_eq!(one.server_count().await, Ok(1));
}

#[tokio::test]
async fn servers_talk_to_each_other_and_answer() {
    let (hub, one, other) = two();
    let third = server(&hub, "third");
    let (heard, mut hears) = mpsc::unbounded_channel();
    for (name, io) in [("one", &one), ("other", &other), ("third", &third)] {
        let heard = heard.clone();
        io.on_server_event(
            "news",
            async move |_: Namespace, text: String, photo: Binary| {
                heard.send((name, text, photo.0.len())).unwrap();
            },
        );
    }
    one.server_side_emit("news", ("hello", Binary::from(vec![1, 2])));
    let mut both = BTreeSet::new();
    for _ in 0..2 {
        both.insert(soon("news", hears.recv()).await.unwrap());
    }
    let news = |name| (name, "hello".to_owned(), 2);
    assert_eq!(both, BTreeSet::from([news("other"), news("third")]));
    assert!(hears.try_recv().is_err(), "not the server that sent it");

    // Another namespace has its own.
    let admin = one.of("/admin", |_| {});
    other.of("/admin", |_| {});
    admin.server_side_emit("news", ("hello", Binary::from(vec![])));

    other.on_server_event("count", async |main: Namespace, more: usize| {
        main.count() + more
    });
    third.on_server_event("count", async |_: Namespace, _: usize, ack: Ack| {
        tokio::spawn(async move { ack.send(40) });
    });
    let answers = one.server_side_emit_with_ack::<usize>("count", 2).await;
    assert_eq!(answers.error, None);
    let received: BTreeSet<_> = answers.received.into_iter().collect();
    assert_eq!(received, BTreeSet::from([2, 40]));
    assert!(hears.try_recv().is_err(), "not in another namespace");

    hub.kill("third");
    let answers = one.server_side_emit_with_ack::<usize>("count", 2).await;
    assert_eq!(answers.received, [2], "those that came");
    assert_eq!(
        answers.error.unwrap().to_string(),
        "1 of 2 servers answered in time; missing: third"
    );
}

#[tokio::test]
async fn a_server_event_that_fails_is_answered_and_one_without_a_handler_is_not() {
    let (_hub, one, other) = two();
    let fails = async |_: Namespace| -> bool { panic!("on purpose") };
    other.on_server_event("fails", fails);
    other.on_server_event("decodes", async |_: Namespace, _: u8| true);
    let once = other.on_server_event("gone", async |_: Namespace| true);
    assert!(other.main().off_server_event(once) && !other.main().off_server_event(once));
    other.on_server_event("drops", async |_: Namespace, ack: Ack| drop(ack));
    let ask = async |event: &str| {
        let answers = one
            .server_side_emit_with_ack::<(bool, String)>(event, "x")
            .await;
        answers.received
    };
    let failed = (false, "internal error".to_owned());
    assert_eq!(ask("fails").await, [failed]);
    let refused = ask("decodes").await;
    assert!(
        refused[0].1.starts_with("invalid arguments: "),
        "{refused:?}"
    );
    for silent in ["gone", "drops", "never heard of"] {
        assert_eq!(ask(silent).await, [], "{silent}");
    }
    // An answer of another type is left out.
    other.on_server_event("number", async |_: Namespace| 7);
    assert_eq!(ask("number").await, []);
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_another_server_has_a_deadline() {
    let (_hub, one, other) = two();
    other.on_server_event("never", async |_: Namespace| {
        std::future::pending::<bool>().await
    });
    // This adapter has none of its own.
    let asked = one.server_side_emit_with_ack::<u8>("never", ());
    let answers = soon("the handler to be given up", asked).await;
    assert!(answers.received.is_empty());
}

#[tokio::test]
async fn an_adapter_hears_of_a_rooms_first_and_last_member() {
    let (hub, one, _other) = two();
    let address = serve(&one).await;
    let (ann, said) = Client::join(address, "/", "").await;
    let ann_id = said["sid"].as_str().unwrap();
    assert_eq!(hub.rooms("one"), [format!("+{ann_id}")]);
    let (_bob, said) = Client::join(address, "/", "").await;
    let bob_id = said["sid"].as_str().unwrap();
    let (ann_socket, bob) = (one.socket(ann_id).unwrap(), one.socket(bob_id).unwrap());
    hub.rooms("one");
    ann_socket.join_all(["tea", "cake"]).unwrap();
    assert_eq!(hub.rooms("one"), ["+tea", "+cake"]);
    bob.join("tea").unwrap();
    ann_socket.leave("tea");
    assert_eq!(hub.rooms("one"), [""; 0], "it has a member all the time");
    bob.leave_all();
    assert_eq!(hub.rooms("one"), ["-tea"]);
    ann.vanish();
    until("Ann to leave", || one.socket(ann_id).is_none()).await;
    soon("the rooms to be reported", async {
        let mut reported = Vec::new();
        while reported.len() < 2 {
            reported.extend(hub.rooms("one"));
            tokio::task::yield_now().await;
        }
        assert_eq!(reported, ["-cake".to_owned(), format!("-{ann_id}")]);
    })
    .await;
    assert_eq!(hub.rooms("other"), [""; 0]);
}

#[tokio::test]
async fn an_adapter_hears_of_rooms_in_order_though_many_threads_join_and_leave() {
    let (hub, one, _other) = two();
    let address = serve(&one).await;
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(Client::new(address).await);
    }
    hub.rooms("one");
    std::thread::scope(|scope| {
        for socket in one.main().sockets() {
            scope.spawn(move || {
                for _ in 0..500 {
                    socket.join("tea").unwrap();
                    socket.leave("tea");
                }
            });
        }
    });
    let heard = hub.rooms("one");
    for (index, room) in heard.iter().enumerate() {
        assert_eq!(
            room,
            ["+tea", "-tea"][index % 2],
            "{index} of {}",
            heard.len()
        );
    }
    assert_eq!(heard.last().map(String::as_str), Some("-tea"));
}

#[tokio::test]
async fn a_room_cannot_be_named_like_a_socket_where_there_are_other_servers() {
    let (_hub, one, other) = two();
    let (mut ann, ann_id) = join(&one, "tea").await;
    let (mut bob, bob_id) = join(&other, "tea").await;
    let socket = one.socket(&ann_id).unwrap();
    assert_eq!(socket.join(&*bob_id), Err(JoinError::LooksLikeAnId));
    assert_eq!(
        socket.join_all(["cake", &bob_id]),
        Err(JoinError::LooksLikeAnId)
    );
    other.main().all().sockets_join(&*bob_id);
    assert_eq!(socket.rooms(), ["tea".into()], "none of them");
    // One more character, and it is a name.
    socket.join(format!("{bob_id}!")).unwrap();

    // A name that a client made up reaches nobody, here or there, and leaves nobody out.
    one.to(bob_id.as_str()).emit("to nobody", ());
    one.to(ann_id.as_str()).emit("to nobody", ());
    one.to("tea").except(bob_id.as_str()).emit("to both", ());
    assert_eq!(ann.packet().await, r#"2["to both"]"#);
    assert_eq!(bob.packet().await, r#"2["to both"]"#);

    let alone = Io::new(calm());
    let (_cid, cid_id) = join(&alone, "tea").await;
    alone.socket(&cid_id).unwrap().join(&*bob_id).unwrap();
}

fn recovering(hub: &Hub, name: &str) -> Io {
    let io = Io::new(Config {
        adapters: hub.adapters(name),
        recovery: Some(Recovery::default()),
        ..calm()
    });
    io.of("/", |socket| {
        let came = if socket.recovered() { "back" } else { "new" };
        socket.data().share(came).unwrap();
    });
    io
}

fn offset(packet: &str) -> &str {
    packet.rsplit('"').nth(1).unwrap()
}

#[tokio::test]
async fn a_client_is_restored_by_another_server_with_what_it_missed() {
    let hub = Hub::with_sessions();
    let (one, other) = (recovering(&hub, "one"), recovering(&hub, "other"));
    let address = serve(&one).await;
    let (mut ann, said) = Client::join(address, "/", "").await;
    let (id, pid) = (said["sid"].as_str().unwrap(), said["pid"].as_str().unwrap());
    let socket = one.socket(id).unwrap();
    socket.join("tea").unwrap();
    socket.data().share("Ann").unwrap();
    other.to("tea").emit("seen", ());
    let seen = ann.packet().await;
    assert_eq!(seen, r#"2["seen","7-0"]"#);
    ann.vanish();
    until("the session to be kept", || hub.sessions() == 1).await;
    one.to("tea").emit("missed", 1);
    other.main().volatile().emit("outdated", ());
    one.to("cake").emit("not for Ann", ());
    other.emit("missed", 2);

    let address = serve(&other).await;
    let auth = format!(r#"{{"pid":"{pid}","offset":"{}"}}"#, offset(&seen));
    let (mut ann, said) = Client::join(address, "/", &auth).await;
    assert_eq!(
        (said["sid"].as_str(), said["pid"].as_str()),
        (Some(id), Some(pid))
    );
    assert_eq!(ann.packet().await, r#"2["missed",1,"7-1"]"#);
    assert_eq!(ann.packet().await, r#"2["missed",2,"7-3"]"#);
    let socket = other.socket(id).unwrap();
    assert!(socket.recovered());
    assert_eq!(socket.rooms(), ["tea".into()]);
    assert_eq!(socket.data().shared(), "back", "its handlers are called");
    assert_eq!(hub.sessions(), 0, "a session is restored once");
    one.to("tea").emit("heard", ());
    socket.emit("own", ());
    assert_eq!(ann.packet().await, r#"2["heard","7-4"]"#);
    assert_eq!(ann.packet().await, r#"2["own","7-5"]"#);

    // Ann's private id is worth nothing to another client while she is connected.
    let (_mallory, said) = Client::join(address, "/", &auth).await;
    assert_ne!(said["sid"], id);
    assert!(socket.connected());
}

#[tokio::test]
async fn a_client_that_missed_too_much_and_one_that_is_unknown_start_from_scratch() {
    let hub = Hub::with_sessions();
    let one = recovering(&hub, "one");
    let address = serve(&one).await;
    let (ann, said) = Client::join(address, "/", "").await;
    ann.vanish();
    until("the session to be kept", || hub.sessions() == 1).await;
    // Half of what may be queued for a client is 4 MiB.
    for _ in 0..5 {
        one.emit("news", "x".repeat(900_000));
    }
    let auth = format!(r#"{{"pid":{}}}"#, said["pid"]);
    for auth in [&*auth, r#"{"pid":"guessed"}"#, r#"{"pid":7}"#] {
        let (mut client, back) = Client::join(address, "/", auth).await;
        assert_ne!(back["sid"], said["sid"]);
        one.to(one.socket(back["sid"].as_str().unwrap()).unwrap().id())
            .emit("hello", ());
        let hello = client.packet().await;
        assert!(hello.starts_with(r#"2["hello","7-"#), "{hello}");
    }
}

#[tokio::test]
async fn what_another_server_sends_is_kept_for_a_client_that_is_away_from_this_one() {
    let (hub, other) = (Hub::default(), Hub::default());
    drop(other);
    let (one, other) = (recovering(&hub, "one"), recovering(&hub, "other"));
    let address = serve(&one).await;
    let (mut ann, said) = Client::join(address, "/", "").await;
    other.emit("seen", ());
    let seen = ann.packet().await;
    ann.vanish();
    until("Ann to leave", || one.main().count() == 0).await;
    other.emit("missed", ());
    let auth = format!(r#"{{"pid":{},"offset":"{}"}}"#, said["pid"], offset(&seen));
    let (mut ann, back) = Client::join(address, "/", &auth).await;
    assert_eq!(back["sid"], said["sid"]);
    let missed = ann.packet().await;
    assert!(missed.starts_with(r#"2["missed",""#), "{missed}");
}

#[tokio::test]
async fn a_shutdown_closes_the_adapters_and_reopening_opens_them() {
    let (hub, one, _other) = two();
    one.of("/admin", |_| {});
    one.shutdown(Duration::from_secs(5)).await;
    assert_eq!(hub.closed(), ["one", "one"], "of each namespace");
    one.reopen();
    assert_eq!(hub.closed(), [""; 0]);
}

/// An adapter that does what the default does, and says how it ended.
struct Plain(Local, mpsc::UnboundedSender<String>);

impl Adapter for Plain {
    fn local(&self) -> &Local {
        &self.0
    }
    fn close(&self) -> BoxFuture<'_, ()> {
        self.1.send("closed".into()).unwrap();
        ready(()).boxed()
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        let name = self.0.namespace();
        self.1.send(format!("dropped {name}")).unwrap();
    }
}

#[tokio::test]
async fn the_adapter_of_a_child_that_empties_is_dropped_and_not_closed() {
    let (ends, mut ended) = mpsc::unbounded_channel();
    let io = Io::new(Config {
        adapters: Adapters::new(move |local| Arc::new(Plain(local, ends.clone()))),
        ..calm()
    });
    io.of_dynamic(|name, _| name.starts_with("/team-"), |_| {});
    let address = serve(&io).await;
    let (mut client, _) = Client::join(address, "/team-red", "").await;
    client.send("1/team-red,").await;
    let end = soon("the adapter's end", ended.recv()).await;
    assert_eq!(end.unwrap(), "dropped /team-red");
    // A shutdown would wait for its connection.
    client.vanish();
    io.shutdown(Duration::from_secs(5)).await;
    let end = soon("the end of the other one", ended.recv()).await;
    assert_eq!(end.unwrap(), "closed");
}

/// An adapter that panics in every method, or waits forever.
struct Bad(Local, Arc<AtomicUsize>);

impl Bad {
    fn fail(&self) -> ! {
        self.1.fetch_add(1, Ordering::Relaxed);
        panic!("on purpose")
    }
}

impl Adapter for Bad {
    fn local(&self) -> &Local {
        &self.0
    }
    fn broadcast(&self, _: &OutgoingEvent, _: &Selection) {
        self.fail()
    }
    fn change(&self, _: &Selection, _: &Change) {
        self.fail()
    }
    fn broadcast_with_ack(
        &self,
        event: &OutgoingEvent,
        _: &Selection,
        _: Duration,
    ) -> BoxStream<'static, AckStep> {
        use futures_util::stream::{StreamExt, pending, poll_fn};
        match &*event.name() {
            "early" => self.fail(),
            "late" => poll_fn(|_| panic!("on purpose")).boxed(),
            _ => pending().boxed(),
        }
    }
    fn fetch_sockets(
        &self,
        _: &Selection,
    ) -> BoxFuture<'_, Result<Vec<SocketInfo>, AdapterError>> {
        self.fail()
    }
    fn rooms(&self) -> BoxFuture<'_, Result<Vec<Arc<str>>, AdapterError>> {
        async { self.fail() }.boxed()
    }
    fn server_emit(&self, _: &OutgoingEvent) {
        self.fail()
    }
    fn server_emit_with_ack(
        &self,
        _: &OutgoingEvent,
        _: Duration,
    ) -> BoxFuture<'_, ServerAnswers> {
        self.fail()
    }
    fn server_count(&self) -> BoxFuture<'_, Result<usize, AdapterError>> {
        self.fail()
    }
    fn room_opened(&self, _: &Room) {
        self.fail()
    }
    fn room_closed(&self, _: &Room) {
        self.fail()
    }
    fn keeps_sessions(&self) -> bool {
        true
    }
    fn persist(&self, _: SessionRecord) {
        self.fail()
    }
    fn restore<'a>(
        &'a self,
        pid: &'a str,
        _: Option<&'a str>,
        _: Restoring,
    ) -> BoxFuture<'a, ()> {
        if pid == "panics" {
            self.fail()
        }
        std::future::pending().boxed()
    }
    fn close(&self) -> BoxFuture<'_, ()> {
        self.fail()
    }
    fn reopen(&self) {
        self.fail()
    }
}

#[tokio::test]
async fn an_adapter_that_panics_ends_one_call_and_nothing_else() {
    let panics = Arc::new(AtomicUsize::new(0));
    let counter = panics.clone();
    let io = Io::new(Config {
        adapters: Adapters::new(move |local| Arc::new(Bad(local, counter.clone()))),
        recovery: Some(Recovery::default()),
        // It waits for half of this.
        connect_timeout: Duration::from_secs(4),
        ..calm()
    });
    io.of("/", |socket| {
        socket.on("join", async |socket: Socket, room: String| {
            socket.emit("own", ());
            socket.broadcast().emit("news", ());
            socket.join(room).is_ok()
        });
    });
    let address = serve(&io).await;
    for pid in ["panics", "waits"] {
        let auth = format!(r#"{{"pid":"{pid}"}}"#);
        let (mut client, _) = Client::join(address, "/", &auth).await;
        client.send(r#"21["join","tea"]"#).await;
        assert_eq!(client.packet().await, "31[true]");
        client.vanish();
        until("the client to leave", || io.main().count() == 0).await;
    }
    io.main().all().sockets_join("tea");
    io.server_side_emit("news", ());
    let failed = Some(AdapterError::Panicked);
    for (question, error) in [("early", &failed), ("late", &failed), ("never", &None)] {
        let tea = io.to("tea").timeout(Duration::ZERO);
        let answers: Answers<()> = tea.emit_with_ack(question, ()).await;
        assert_eq!(answers.error, *error, "{question}");
    }
    assert_eq!(
        io.fetch_sockets().await.unwrap_err(),
        AdapterError::Panicked
    );
    assert_eq!(io.main().fetch_rooms().await, Err(AdapterError::Panicked));
    assert_eq!(io.server_count().await, Err(AdapterError::Panicked));
    let asked = io.server_side_emit_with_ack::<()>("news", ()).await;
    assert_eq!(asked.error, failed);
    io.shutdown(Duration::from_secs(5)).await;
    io.reopen();
    assert!(panics.load(Ordering::Relaxed) > 20);

    let (mut client, _) = Client::join(address, "/", "").await;
    client.send(r#"22["join","cake"]"#).await;
    assert_eq!(client.packet().await, "32[true]");
}
