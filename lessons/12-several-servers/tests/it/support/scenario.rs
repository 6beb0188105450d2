//! The operations of an application on sockets of two servers, for every kind of adapter.

use std::time::Duration;

use serde_json::{Value, json};
use socket_io::testing::{TestClient, TestSocket};
use socket_io::{Adapters, Binary, Config, Io, Namespace, Recovery, Socket};

/// A server, and its namespace `/chat`.
pub(crate) fn server(adapters: Adapters) -> (Io, Namespace) {
    server_with(adapters, None)
}

/// The same, and its clients can perhaps come back.
pub(crate) fn server_with(
    adapters: Adapters,
    recovery: Option<Recovery>,
) -> (Io, Namespace) {
    let io = Io::new(Config {
        adapters,
        recovery,
        ..Config::default()
    });
    let chat = io.of("/chat", |socket: Socket| {
        socket.on("join", async |socket: Socket, room: String| {
            socket.join(room).is_ok()
        });
        socket.on("my name is", async |socket: Socket, name: String| {
            socket.data().share(json!({ "name": name })).is_ok()
        });
    });
    (io, chat)
}

/// A client in `/chat`, in these rooms.
pub(crate) async fn client(io: &Io, rooms: &[&str]) -> TestSocket {
    let client = TestClient::new(io).patience(Duration::from_secs(30));
    let socket = client.join("/chat").await;
    for room in rooms {
        assert!(socket.ask::<bool>("join", *room).await);
    }
    socket
}

/// Checks that the next event of each client is `mark`. Events arrive in order, so the
/// check needs no timeout.
pub(crate) async fn nothing_before(chat: &Namespace, clients: &mut [&mut TestSocket]) {
    chat.emit("mark", ());
    for client in clients {
        client.expect::<()>("mark").await;
    }
}

/// Everything that one server can do to the clients of both.
pub(crate) async fn every_operation(one: &(Io, Namespace), two: &(Io, Namespace)) {
    let (here, there) = (&one.1, &two.1);
    let mut ann = client(&one.0, &["tea"]).await;
    let mut bob = client(&two.0, &["tea"]).await;
    let mut cat = client(&two.0, &["cake"]).await;

    // Broadcasts: to all, to rooms, with bytes, and not to some.
    here.emit("news", "for all");
    for client in [&mut ann, &mut bob, &mut cat] {
        assert_eq!(client.expect::<String>("news").await, "for all");
    }
    here.to("tea")
        .emit("photo", (7, Binary(vec![1, 2, 3].into())));
    for client in [&mut ann, &mut bob] {
        let (number, bytes): (u8, Binary) = client.expect("photo").await;
        assert_eq!((number, &bytes.0[..]), (7, &[1, 2, 3][..]));
    }
    here.to("tea").to("cake").except("tea").emit("news", "cake");
    assert_eq!(cat.expect::<String>("news").await, "cake");
    here.to(bob.id().parse::<socket_io::SocketId>().unwrap())
        .emit("news", "for Bob");
    assert_eq!(bob.expect::<String>("news").await, "for Bob");
    here.to("cake").local().emit("news", "only for this server");
    nothing_before(here, &mut [&mut ann, &mut bob, &mut cat]).await;

    // Acknowledgements of clients on both.
    let asking = tokio::spawn({
        let here = here.clone();
        async move {
            let tea = here.to("tea").timeout(Duration::from_secs(20));
            tea.emit_with_ack::<String>("name?", ()).await
        }
    });
    ann.next().await.answer("Ann");
    bob.next().await.answer("Bob");
    let mut answers = asking.await.unwrap();
    answers.received.sort();
    assert_eq!(answers.received, ["Ann", "Bob"]);
    assert_eq!((answers.missing, answers.error), (0, None));

    // The list of sockets.
    assert!(bob.ask::<bool>("my name is", "Bob").await);
    let sockets = here.to("tea").fetch_sockets().await.unwrap();
    let mut ids: Vec<_> = sockets.iter().map(|it| it.id().to_string()).collect();
    let mut expected = [ann.id(), bob.id()];
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);
    let remote = sockets
        .iter()
        .find(|it| it.id().as_str() == bob.id())
        .unwrap();
    assert_eq!(remote.data(), &json!({ "name": "Bob" }));
    assert_eq!(remote.rooms(), ["tea"]);
    assert!(remote.handshake()["query"].is_object());
    let rooms = here.fetch_rooms().await.unwrap();
    let rooms: Vec<_> = rooms.iter().map(|room| &**room).collect();
    assert_eq!(rooms, ["cake", "tea"]);
    assert_eq!(here.server_count().await, Ok(2));

    // Other servers' sockets join, leave and are disconnected.
    remote.join("garden");
    here.to("garden").emit("news", "welcome");
    assert_eq!(bob.expect::<String>("news").await, "welcome");
    here.to("garden").sockets_leave("garden");
    here.to("garden").emit("news", "too late");
    nothing_before(here, &mut [&mut ann, &mut bob, &mut cat]).await;
    here.to("cake").disconnect_sockets(false);
    cat.disconnected().await;

    // Servers among themselves.
    there.on_server_event("add", async |_: Namespace, a: u32, b: u32| a + b);
    here.on_server_event("add", async |_: Namespace, _: Value| -> u32 {
        panic!("a server does not hear itself")
    });
    let sums = here.server_side_emit_with_ack::<u32>("add", (20, 22)).await;
    assert_eq!((sums.received, sums.error), (vec![42], None));
    let (heard, mut hears) = tokio::sync::mpsc::unbounded_channel();
    there.on_server_event("news", async move |_: Namespace, text: String| {
        let _ = heard.send(text);
    });
    here.server_side_emit("news", "one");
    here.server_side_emit("news", "two");
    assert_eq!(hears.recv().await.as_deref(), Some("one"));
    assert_eq!(hears.recv().await.as_deref(), Some("two"));
}
