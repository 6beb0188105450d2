//! Connection state recovery: what was missed comes in order, and once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use socket_io::{Binary, Config, Io, Recovery, Socket};

use crate::support::{Client, calm, serve, soon, until};

fn recovering(recovery: Recovery) -> Io {
    let io = Io::new(Config {
        recovery: Some(recovery),
        ..calm()
    });
    io.of("/", |socket| {
        socket.on("join", async |socket: Socket, room: String| {
            socket.data().insert(room.clone());
            socket.join(room).is_ok()
        });
    });
    io
}

/// A client's place in the stream: its private id and the last offset it saw.
struct Place {
    pid: String,
    sid: String,
    offset: String,
}

/// Joins, joins `room`, and hears a first event, without which there is no offset.
async fn settle(io: &Io, address: std::net::SocketAddr, room: &str) -> (Client, Place) {
    let (mut client, said) = Client::join(address, "/", "").await;
    client.send(&format!(r#"21["join","{room}"]"#)).await;
    assert_eq!(client.packet().await, "31[true]");
    io.namespace("/").unwrap().to(room).emit("first", ());
    let offset = offset(&client.packet().await);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (
        client,
        Place {
            pid: text(&said["pid"]),
            sid: text(&said["sid"]),
            offset,
        },
    )
}

fn offset(packet: &str) -> String {
    let array: Vec<Value> = serde_json::from_str(packet.trim_start_matches('2')).unwrap();
    array.last().unwrap().as_str().unwrap().to_owned()
}

fn auth(place: &Place) -> String {
    format!(r#"{{"pid":"{}","offset":"{}"}}"#, place.pid, place.offset)
}

#[tokio::test]
async fn a_client_that_was_away_gets_what_it_missed_in_order_and_once() {
    let io = recovering(Recovery::default());
    let address = serve(&io).await;
    let main = io.namespace("/").unwrap();
    let (mut client, mut place) = settle(&io, address, "lobby").await;
    main.to("lobby").emit("seen", 0);
    place.offset = offset(&client.packet().await);
    client.vanish();
    until("the server to notice", || main.count() == 0).await;

    let (mut other, _) = settle(&io, address, "elsewhere").await;
    for number in 0..50 {
        main.to("lobby").emit("missed", number);
        main.to("elsewhere").emit("not for you", number);
        main.except("lobby").emit("nor this", number);
        main.to("lobby").volatile().emit("outdated", number);
    }
    main.emit("for all", ());
    drop(other.packet().await);

    let (mut client, said) = Client::join(address, "/", &auth(&place)).await;
    assert_eq!(
        (&said["sid"], &said["pid"]),
        (&place.sid.as_str().into(), &place.pid.as_str().into())
    );
    for number in 0..50 {
        let packet = client.packet().await;
        assert!(
            packet.starts_with(&format!(r#"2["missed",{number},""#)),
            "{packet}"
        );
    }
    let packet = client.packet().await;
    assert!(packet.starts_with(r#"2["for all",""#), "{packet}");
    place.offset = offset(&packet);

    // It is in its room again, with its data, and what it has seen does not come back.
    let socket = main.to("lobby").sockets().remove(0);
    assert!(socket.recovered());
    assert_eq!(socket.data().get::<String>().as_deref(), Some("lobby"));
    client.vanish();
    until("the server to notice", || main.count() == 1).await;
    main.to("lobby").emit("again", ());
    let (mut client, _) = Client::join(address, "/", &auth(&place)).await;
    let packet = client.packet().await;
    assert!(packet.starts_with(r#"2["again",""#), "{packet}");
}

#[tokio::test]
async fn who_is_back_before_the_server_noticed_takes_its_own_place() {
    let io = recovering(Recovery::default());
    let address = serve(&io).await;
    let (mut stale, place) = settle(&io, address, "lobby").await;
    // The old connection still stands, as it does for 45 seconds after a train went into
    // a tunnel.
    let main = io.namespace("/").unwrap();
    main.to("lobby").emit("lost in the tunnel", ());
    let (mut client, said) = Client::join(address, "/", &auth(&place)).await;
    assert_eq!(said["sid"], place.sid.as_str());
    assert!(
        client
            .packet()
            .await
            .starts_with(r#"2["lost in the tunnel","#)
    );
    stale.end().await;
    assert_eq!(main.to("lobby").sockets().len(), 1);
}

#[tokio::test]
async fn what_is_forgotten_or_made_up_is_not_recovered() {
    let recovery = Recovery {
        max_bytes: 1000,
        ..Recovery::default()
    };
    let io = recovering(recovery);
    let address = serve(&io).await;
    let main = io.namespace("/").unwrap();
    let (client, place) = settle(&io, address, "lobby").await;
    client.vanish();
    until("the server to notice", || main.count() == 0).await;
    for number in 0..100 {
        main.to("lobby").emit("too much to keep", number);
    }
    for auth in [
        auth(&place),
        format!(r#"{{"pid":"{}","offset":"9999"}}"#, place.pid),
        format!(r#"{{"pid":"{}","offset":"-1"}}"#, place.pid),
        format!(r#"{{"pid":"{}"}}"#, place.pid),
        r#"{"pid":"guessed","offset":"0"}"#.to_owned(),
        r#"{"pid":7,"offset":0}"#.to_owned(),
    ] {
        let (_client, said) = Client::join(address, "/", &auth).await;
        assert_ne!(said["sid"], place.sid.as_str(), "{auth}");
        assert_ne!(said["pid"], place.pid.as_str(), "{auth}");
    }
}

#[tokio::test]
async fn the_memory_for_clients_that_are_away_is_for_the_last_of_them() {
    let io = recovering(Recovery {
        max_sessions: 1,
        ..Recovery::default()
    });
    let address = serve(&io).await;
    let main = io.namespace("/").unwrap();
    let (first, first_place) = settle(&io, address, "a").await;
    let (second, second_place) = settle(&io, address, "b").await;
    first.vanish();
    until("the first to leave", || main.count() == 1).await;
    second.vanish();
    until("the second to leave", || main.count() == 0).await;
    let (_first, said) = Client::join(address, "/", &auth(&first_place)).await;
    assert_ne!(said["sid"], first_place.sid.as_str());
    let (_second, said) = Client::join(address, "/", &auth(&second_place)).await;
    assert_eq!(said["sid"], second_place.sid.as_str());
}

#[tokio::test]
async fn who_left_by_will_does_not_come_back() {
    let io = recovering(Recovery::default());
    let address = serve(&io).await;
    let main = io.namespace("/").unwrap();
    let (mut client, place) = settle(&io, address, "lobby").await;
    client.send("1").await;
    until("it to leave", || main.count() == 0).await;
    let said = client.connect("/", &auth(&place)).await;
    assert_ne!(said["sid"], place.sid.as_str());

    let (mut client, place) = settle(&io, address, "lobby").await;
    main.to("lobby").disconnect_sockets(false);
    assert_eq!(client.packet().await, "1");
    let said = client.connect("/", &auth(&place)).await;
    assert_ne!(said["sid"], place.sid.as_str());
}

#[tokio::test]
async fn many_senders_and_a_client_that_comes_and_goes() {
    let io = recovering(Recovery::default());
    let address = serve(&io).await;
    let main = io.namespace("/").unwrap();
    let (mut client, mut place) = settle(&io, address, "lobby").await;
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            let main = main.clone();
            std::thread::spawn(move || {
                for number in 0..500 {
                    main.to("lobby").emit("n", (sender, number));
                    std::thread::yield_now();
                }
            })
        })
        .collect();
    let done = Arc::new(AtomicBool::new(false));
    let end = {
        let (done, main) = (done.clone(), main.clone());
        tokio::task::spawn_blocking(move || {
            for sender in senders {
                sender.join().unwrap();
            }
            done.store(true, Ordering::SeqCst);
            main.emit("end", ());
        })
    };
    let (mut next, mut certain) = ([0; 4], [true; 4]);
    let (mut recovered, mut started_over) = (0, 0);
    'all: loop {
        for _ in 0..50 {
            let packet = client.packet().await;
            if packet.starts_with(r#"2["end""#) {
                break 'all;
            }
            let (name, sender, number, at): (String, usize, u64, String) =
                serde_json::from_str(packet.trim_start_matches('2')).unwrap();
            let expected = next[sender];
            assert!(
                name == "n"
                    && number >= expected
                    && (number == expected || !certain[sender]),
                "each sender's events in order, once: {expected}, not {packet}"
            );
            (next[sender], certain[sender]) = (number + 1, true);
            place.offset = at;
        }
        client.vanish();
        let (again, said) = Client::join(address, "/", &auth(&place)).await;
        client = again;
        if said["sid"] == place.sid.as_str() {
            recovered += 1;
            continue;
        }
        // A thread that the kernel stopped in the middle of a broadcast was overtaken by
        // more events than a client's state records. The client is told that.
        started_over += 1;
        certain = [false; 4];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (place.pid, place.sid) = (text(&said["pid"]), text(&said["sid"]));
        if done.load(Ordering::SeqCst) {
            break;
        }
        client.send(r#"21["join","lobby"]"#).await;
        loop {
            let packet = client.packet().await;
            if packet.starts_with(r#"2["end""#) {
                break 'all;
            }
            if packet == "31[true]" {
                break;
            }
            place.offset = offset(&packet);
        }
    }
    soon("the senders", end).await.unwrap();
    assert!(
        recovered > started_over,
        "{recovered} against {started_over}"
    );
    if started_over == 0 {
        assert_eq!(next, [500; 4], "nothing is lost at the end");
    }
}

#[tokio::test]
async fn what_is_said_to_one_socket_is_kept_for_it_alone() {
    let io = Io::new(Config {
        recovery: Some(Recovery::default()),
        ..calm()
    });
    io.of("/", |socket| {
        if !socket.recovered() {
            socket.emit("welcome", Binary::from(vec![1]));
        }
    });
    let address = serve(&io).await;
    let main = io.namespace("/").unwrap();
    let (mut client, said) = Client::join(address, "/", "").await;
    let welcome = client.packet().await;
    assert!(
        welcome.starts_with(r#"51-["welcome",{"_placeholder":true,"num":0},""#),
        "{welcome}"
    );
    let offset = offset(welcome.trim_start_matches("51-"));
    assert_eq!(client.binary().await, [1]);
    let socket = main.sockets().remove(0);
    client.vanish();
    until("the server to notice", || main.count() == 0).await;

    let _other = Client::new(address).await;
    socket.emit("photo", (Binary::from(vec![2, 3]), "cat"));
    socket.emit("text", "cat");
    let auth = format!(r#"{{"pid":{},"offset":"{offset}"}}"#, said["pid"]);
    let (mut client, back) = Client::join(address, "/", &auth).await;
    assert_eq!(back["sid"], said["sid"]);
    assert!(
        client
            .packet()
            .await
            .starts_with(r#"51-["photo",{"_placeholder":true,"num":0},"cat",""#)
    );
    assert_eq!(client.binary().await, [2, 3]);
    assert!(client.packet().await.starts_with(r#"2["text","cat",""#));
    main.emit("end", ());
    assert!(
        client.packet().await.starts_with(r#"2["end",""#),
        "the other one's welcome is not for this one"
    );
}

/// A client takes the last argument of any event for its offset, if it is text: also of a
/// volatile one, which therefore has an offset too.
#[tokio::test]
async fn a_volatile_event_that_ends_with_text_does_not_break_recovery() {
    let io = recovering(Recovery::default());
    let address = serve(&io).await;
    let main = io.namespace("/").unwrap();
    let (mut client, mut place) = settle(&io, address, "lobby").await;
    main.to("lobby").volatile().emit("typing", "Ann");
    let packet = client.packet().await;
    assert!(packet.starts_with(r#"2["typing","Ann",""#), "{packet}");
    place.offset = offset(&packet);
    client.vanish();
    until("the server to notice", || main.count() == 0).await;
    main.to("lobby").volatile().emit("typing", "Bob");
    main.to("lobby").emit("missed", ());
    let (mut client, said) = Client::join(address, "/", &auth(&place)).await;
    assert_eq!(said["sid"], place.sid.as_str());
    let packet = client.packet().await;
    assert!(packet.starts_with(r#"2["missed",""#), "{packet}");
}

#[tokio::test]
async fn text_that_looks_like_a_number_is_no_offset() {
    let io = recovering(Recovery::default());
    let address = serve(&io).await;
    let (client, mut place) = settle(&io, address, "lobby").await;
    place.offset = "0".to_owned();
    client.vanish();
    let (_client, said) = Client::join(address, "/", &auth(&place)).await;
    assert_ne!(said["sid"], place.sid.as_str());
}

#[tokio::test]
async fn a_client_that_was_sent_nothing_yet_is_recovered() {
    let io = recovering(Recovery::default());
    let address = serve(&io).await;
    let main = io.namespace("/").unwrap();
    let (mut client, said) = Client::join(address, "/", "").await;
    client.send(r#"21["join","lobby"]"#).await;
    assert_eq!(client.packet().await, "31[true]");
    client.vanish();
    until("the server to notice", || main.count() == 0).await;
    main.to("lobby").emit("missed", ());
    let auth = format!(r#"{{"pid":{}}}"#, said["pid"]);
    let (mut client, back) = Client::join(address, "/", &auth).await;
    assert_eq!(back["sid"], said["sid"]);
    let packet = client.packet().await;
    assert!(packet.starts_with(r#"2["missed",""#), "{packet}");
}

#[tokio::test]
async fn a_client_that_missed_more_than_may_be_queued_starts_from_scratch_at_once() {
    let config = calm();
    let engine = engine_io::Config {
        outbound_budget: 1 << 20,
        ..config.engine
    };
    let io = Io::new(Config {
        recovery: Some(Recovery::default()),
        engine,
        ..config
    });
    io.of("/", |socket| {
        socket.on("join", async |socket: Socket, room: String| {
            socket.join(room).is_ok()
        });
    });
    let address = serve(&io).await;
    let main = io.namespace("/").unwrap();
    let (client, place) = settle(&io, address, "lobby").await;
    client.vanish();
    until("the server to notice", || main.count() == 0).await;
    let text = "x".repeat(4000);
    for _ in 0..200 {
        main.to("lobby").emit("missed", &text);
    }
    let (mut client, said) = Client::join(address, "/", &auth(&place)).await;
    assert_ne!(said["sid"], place.sid.as_str());
    // And it is in the conversation again.
    client.send(r#"21["join","lobby"]"#).await;
    assert_eq!(client.packet().await, "31[true]");
}

#[tokio::test]
async fn a_loud_room_costs_another_room_nothing() {
    let io = recovering(Recovery::default());
    let address = serve(&io).await;
    let main = io.namespace("/").unwrap();
    let (client, place) = settle(&io, address, "lobby").await;
    client.vanish();
    until("the server to notice", || main.count() == 0).await;
    main.to("lobby").emit("missed", ());
    let text = "x".repeat(4000);
    for _ in 0..2400 {
        main.to("loud").emit("noise", &text);
    }
    let (mut client, said) = Client::join(address, "/", &auth(&place)).await;
    assert_eq!(said["sid"], place.sid.as_str());
    let packet = client.packet().await;
    assert!(packet.starts_with(r#"2["missed",""#), "{packet}");
}

/// A client whose way out is closed by its own slowness would only be slow again.
#[tokio::test]
async fn a_slow_reader_is_not_recovered() {
    let config = calm();
    let engine = engine_io::Config {
        outbound_budget: 64 << 10,
        ..config.engine
    };
    let io = Io::new(Config {
        recovery: Some(Recovery::default()),
        engine,
        ..config
    });
    let address = serve(&io).await;
    let main = io.namespace("/").unwrap();
    let (_deaf, said) = Client::join(address, "/", "").await;
    let text = "x".repeat(8000);
    until("it to be closed", || {
        main.emit("news", &text);
        main.count() == 0
    })
    .await;
    let auth = format!(r#"{{"pid":{}}}"#, said["pid"]);
    let (_client, back) = Client::join(address, "/", &auth).await;
    assert_ne!(back["sid"], said["sid"]);
}

/// With the log's lock held while a broadcast is queued, this took as long as the
/// broadcast; a listener, which the sender calls, shows it without a clock.
#[tokio::test]
async fn an_event_can_be_sent_while_another_is_being_queued() {
    use std::sync::mpsc::sync_channel;

    let (begun, begins) = sync_channel(1);
    let (release, released) = sync_channel::<()>(1);
    let released = Arc::new(std::sync::Mutex::new(released));
    let io = recovering(Recovery::default());
    io.of("/", move |socket| {
        let (begun, released) = (begun.clone(), released.clone());
        socket.on_any_outgoing(move |event, _| {
            if event == "slow" {
                begun.send(()).unwrap();
                released.lock().unwrap().recv().unwrap();
            }
        });
    });
    let address = serve(&io).await;
    let main = io.namespace("/").unwrap();
    let (mut client, _) = Client::join(address, "/", "").await;
    main.all().sockets_join("lobby");
    let sender = {
        let main = main.clone();
        std::thread::spawn(move || main.to("lobby").emit("slow", ()))
    };
    begins.recv().unwrap();
    main.emit("quick", ());
    let quick = client.packet().await;
    assert!(quick.starts_with(r#"2["quick",""#), "{quick}");
    release.send(()).unwrap();
    sender.join().unwrap();
    // The first number came last. What the client reports then is not mistaken.
    let slow = client.packet().await;
    assert!(slow.starts_with(r#"2["slow",""#), "{slow}");
    assert!(offset(&slow) < offset(&quick));
}

#[tokio::test]
async fn a_handle_that_has_left_does_not_take_the_client_that_is_back_out_of_a_room() {
    let io = recovering(Recovery::default());
    let (sender, mut left) = tokio::sync::mpsc::unbounded_channel();
    io.of("/", move |socket| {
        let sender = sender.clone();
        socket.on("join", async |socket: Socket, room: String| {
            socket.join(room).is_ok()
        });
        socket.on_disconnecting(async move |socket, _| {
            assert_eq!(socket.rooms(), ["lobby".into()]);
            socket.leave("lobby");
            sender.send(()).unwrap();
        });
    });
    let address = serve(&io).await;
    let (_stale, place) = settle(&io, address, "lobby").await;
    let (mut client, said) = Client::join(address, "/", &auth(&place)).await;
    assert_eq!(said["sid"], place.sid.as_str());
    soon("the old handle to leave", left.recv()).await.unwrap();
    io.namespace("/")
        .unwrap()
        .to("lobby")
        .emit("still there", ());
    let packet = client.packet().await;
    assert!(packet.starts_with(r#"2["still there""#), "{packet}");
}
