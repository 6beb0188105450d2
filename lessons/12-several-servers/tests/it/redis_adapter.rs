//! The format of Node's Redis adapter: what Node wrote, read and written again; and what
//! nobody should write.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use cluster::wire::json::MessageLimits;
use cluster::wire::redis_adapter::RedisAdapter;
use cluster::wire::{
    Answer, Change, Flags, Format, Message, Place, Question, Received, Target, Values,
    WireError,
};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

/// A line of a golden file.
#[derive(Deserialize)]
struct Line {
    name: String,
    channel: String,
    base64: String,
}

impl Line {
    fn payload(&self) -> Bytes {
        BASE64_STANDARD.decode(&self.base64).unwrap().into()
    }

    fn namespace(&self) -> &str {
        self.channel.split('#').nth(1).unwrap()
    }
}

const GOLDEN: &str = include_str!("../golden/redis-adapter.jsonl");
const SPECIFIC: &str = include_str!("../golden/redis-adapter-specific.jsonl");

fn lines(file: &str) -> Vec<Line> {
    let lines = file.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

fn place(namespace: &str) -> Place {
    Place {
        namespace: namespace.into(),
        node: "myself".into(),
    }
}

fn read(line: &Line) -> Option<Received> {
    let at = place(line.namespace());
    RedisAdapter::default()
        .decode(&at, &line.channel, &line.payload(), &|_| true)
        .unwrap_or_else(|error| panic!("{}: {error}", line.name))
}

/// The messages of an operation, as this server reads them.
fn messages(name: &str) -> Vec<Message> {
    let lines = lines(GOLDEN);
    let of = lines.iter().filter(|line| line.name == name);
    let messages: Vec<_> = of.filter_map(read).map(|it| it.message).collect();
    assert!(!messages.is_empty(), "{name}: no messages");
    messages
}

fn event(json: &Value) -> Values {
    Values::json(json.to_string())
}

fn to(rooms: &[&str], except: &[&str]) -> Target {
    let texts = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    Target {
        rooms: texts(rooms),
        except: texts(except),
        flags: Flags::default(),
    }
}

#[test]
fn every_broadcast_of_node_is_understood() {
    let news = |args: Value, to: Target| vec![Message::Broadcast(event(&args), to)];
    let expected: BTreeMap<&str, _> = [
        (
            "broadcast to all",
            news(
                json!(["news", "tea", 42, -1, 1.5, null, true, {"deep": ["é", []]}]),
                to(&[], &[]),
            ),
        ),
        (
            "broadcast to a room",
            news(json!(["news"]), to(&["tea"], &[])),
        ),
        (
            "broadcast to two rooms, but not a third",
            news(json!(["news", "hello"]), to(&["tea", "cake"], &["asleep"])),
        ),
        (
            "broadcast of undefined and a date",
            news(
                json!(["news", null, "1970-01-01T00:00:00.000Z"]),
                to(&[], &[]),
            ),
        ),
        (
            "broadcast of large numbers",
            news(
                json!([
                    "news",
                    255,
                    256,
                    65_536,
                    4_294_967_296_u64,
                    -129,
                    -2_147_483_649_i64,
                    1_152_921_504_606_846_976_u64
                ]),
                to(&[], &[]),
            ),
        ),
        (
            "broadcast of a long text",
            news(json!(["news", "t".repeat(300)]), to(&[], &[])),
        ),
        (
            "broadcast in the main namespace",
            news(json!(["news", "hello"]), to(&["tea"], &[])),
        ),
    ]
    .into();
    for (name, expected) in expected {
        assert_eq!(messages(name), expected, "{name}");
    }
}

#[test]
fn flags_arrive() {
    let Message::Broadcast(_, to) = &messages("broadcast, volatile")[0] else {
        panic!()
    };
    assert!(to.flags.volatile);
    let Message::Broadcast(_, to) = &messages("broadcast, not compressed")[0] else {
        panic!()
    };
    assert_eq!(to.flags.compress, Some(false));
}

#[test]
fn bytes_become_attachments() {
    let [Message::Broadcast(event, _)] = &messages("broadcast of bytes")[..] else {
        panic!()
    };
    assert_eq!(
        event.json,
        r#"["photo",{"_placeholder":true,"num":0},{"nested":[{"_placeholder":true,"num":1}]}]"#
    );
    assert_eq!(event.attachments, [&[1, 2, 3][..], b"tea"]);
    let [Message::Broadcast(event, _)] = &messages("broadcast of a typed array")[..]
    else {
        panic!()
    };
    assert_eq!(event.attachments, [[1, 2, 3, 4, 5].as_slice()]);
}

#[test]
fn every_request_of_node_is_understood() {
    let changed = |name| match &messages(name)[..] {
        [Message::Change(of, change)] => (of.clone(), change.clone()),
        other => panic!("{name}: {other:?}"),
    };
    let texts = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    assert_eq!(
        changed("join"),
        (
            to(&["tea"], &["asleep"]),
            Change::Join(texts(&["cake", "late"]))
        )
    );
    assert_eq!(
        changed("leave"),
        (to(&[], &[]), Change::Leave(texts(&["cake"])))
    );
    assert_eq!(
        changed("disconnect"),
        (to(&["nobody"], &[]), Change::Disconnect { close: true })
    );
    assert_eq!(
        messages("server event"),
        [Message::ServerEvent(event(
            &json!(["news", "tea", {"cups": 2}])
        ))]
    );
}

#[test]
fn questions_and_their_answers_belong_together() {
    let asked = |name| match &messages(name)[..] {
        [Message::Ask(id, question), rest @ ..] => {
            let answers = rest.iter().map(|it| match it {
                Message::Answer(answered, answer) => {
                    assert_eq!(answered, id, "{name}");
                    answer.clone()
                }
                other => panic!("{name}: {other:?}"),
            });
            (question.clone(), answers.collect::<Vec<_>>())
        }
        other => panic!("{name}: {other:?}"),
    };
    let (question, answers) = asked("rooms");
    assert_eq!(question, Question::Rooms);
    let [Answer::Rooms(rooms)] = &answers[..] else {
        panic!("{answers:?}")
    };
    assert!(rooms.contains(&"tea".to_owned()), "{rooms:?}");

    let (question, answers) = asked("fetch sockets");
    assert_eq!(question, Question::Sockets(to(&["tea"], &[])));
    let [Answer::Sockets(sockets)] = &answers[..] else {
        panic!("{answers:?}")
    };
    assert_eq!(sockets[0].data, json!({"name": "Ann", "cups": 3}));
    assert!(sockets[0].rooms[0] == sockets[0].id.as_str());
    assert!(sockets[0].handshake["xdomain"] == false);

    let (question, answers) = asked("ids of sockets");
    assert_eq!(question, Question::SocketIds(vec!["tea".into()]));
    assert!(matches!(&answers[0], Answer::SocketIds(ids) if ids[0].len() == 20));

    let (question, answers) = asked("server event with answers");
    assert_eq!(question, Question::ServerEvent(event(&json!(["count"]))));
    assert_eq!(answers, [Answer::Value(Values::json("7"))]);

    let (question, answers) = asked("broadcast with acknowledgements");
    let Question::Clients(question, target) = question else {
        panic!("{question:?}")
    };
    assert_eq!(question, event(&json!(["question"])));
    assert_eq!(target.flags.timeout, Some(300));
    assert_eq!(
        answers,
        [Answer::Clients(1), Answer::Client(Values::json(r#""yes""#))]
    );

    let (_, answers) = asked("broadcast with bytes as acknowledgements");
    let Answer::Client(value) = &answers[1] else {
        panic!("{answers:?}")
    };
    assert_eq!(value.attachments, [[1, 2, 3].as_slice()]);
}

#[test]
fn the_emitter_is_understood() {
    let [Message::Broadcast(event, target)] = &messages("emitter: broadcast")[..] else {
        panic!()
    };
    assert_eq!(event.attachments, [[9].as_slice()]);
    assert_eq!(*target, to(&["tea"], &[]));
    for name in ["emitter: join", "emitter: leave", "emitter: disconnect"] {
        assert!(
            matches!(messages(name)[..], [Message::Change(..)]),
            "{name}"
        );
    }
    let [Message::ServerEvent(event)] = &messages("emitter: server event")[..] else {
        panic!()
    };
    assert_eq!(event.json, r#"["news",1]"#);
}

/// The payload in a form in which two of the same meaning are equal.
fn comparable(payload: &Bytes) -> Value {
    if payload.starts_with(b"{") {
        return serde_json::from_slice(payload).unwrap();
    }
    // Bytes, numbers and the order of fields count: it is the same text or it is not.
    let limits = socket_io::msgpack::Limits::default();
    let (json, attachments) =
        socket_io::msgpack::decode(payload.clone(), limits).unwrap();
    json!([
        json,
        attachments.iter().map(|it| it.to_vec()).collect::<Vec<_>>()
    ])
}

/// The server that wrote a line, whose id is in its questions alone.
fn author(lines: &[Line], line: &Line) -> String {
    let with_id = lines
        .iter()
        .filter(|other| other.namespace() == line.namespace() && other.name == line.name);
    let found = with_id.filter_map(read).find_map(|received| received.from);
    found.unwrap_or_else(|| "myself".into())
}

#[test]
fn what_node_wrote_is_written_the_same() {
    for (file, specific_responses) in [(GOLDEN, false), (SPECIFIC, true)] {
        let format = RedisAdapter {
            specific_responses,
            ..RedisAdapter::default()
        };
        let lines = lines(file);
        let mut compared = 0;
        for line in &lines {
            // The emitter has no id in some messages, or another order of fields.
            if line.name.starts_with("emitter") {
                continue;
            }
            let Some(received) = read(line) else {
                panic!("{}: not for us", line.name)
            };
            let asker = author(&lines, line);
            let at = Place {
                namespace: line.namespace().into(),
                node: asker.clone(),
            };
            let again = format.encode(&at, Some(&asker), &received.message).unwrap();
            assert_eq!(again.channel, line.channel, "{}", line.name);
            assert_eq!(
                comparable(&again.payload),
                comparable(&line.payload()),
                "{}",
                line.name
            );
            let changes = [
                "broadcast of undefined and a date",
                "broadcast of large numbers",
            ];
            if !line.payload().starts_with(b"{") && !changes.contains(&&*line.name) {
                assert_eq!(again.payload, line.payload(), "{}", line.name);
            }
            compared += 1;
        }
        assert_eq!(compared, 30);
    }
}

#[test]
fn a_room_without_members_here_is_ignored_unread() {
    let format = RedisAdapter::default();
    let garbage = Bytes::from_static(b"\xc1");
    let received =
        format.decode(&place("/chat"), "socket.io#/chat#tea#", &garbage, &|room| {
            assert_eq!(room, "tea");
            false
        });
    assert_eq!(received.unwrap(), None);
}

#[test]
fn other_namespaces_and_ones_own_messages_are_ignored() {
    let format = RedisAdapter::default();
    let chat = place("/chat");
    let others = place("/chat#tea");
    let tell = |at: &Place, message: &Message| format.encode(at, None, message).unwrap();
    let broadcast = Message::Broadcast(Values::json(r#"["news"]"#), Target::default());

    // `/chat#` is how the channels of both namespaces start.
    let sent = tell(&others, &broadcast);
    assert!(sent.channel.starts_with("socket.io#/chat#"));
    let received = format.decode(&chat, &sent.channel, &sent.payload, &|_| true);
    assert_eq!(received.unwrap(), None);

    let hears = |message: &Message| {
        let sent = tell(&chat, message);
        let received = format.decode(&chat, &sent.channel, &sent.payload, &|_| true);
        received.unwrap().is_some()
    };
    assert!(!hears(&broadcast));
    assert!(!hears(&Message::ServerEvent(Values::json(r#"["news"]"#))));
    assert!(!hears(&Message::Ask("q".into(), Question::Rooms)));
    let leave = Change::Leave(vec!["tea".into()]);
    assert!(
        !hears(&Message::Change(Target::default(), leave)),
        "a server has changed its own sockets before it tells the others"
    );
}

#[test]
fn rooms_can_be_numbers_and_fields_can_be_missing() {
    let format = RedisAdapter::default();
    let at = place("/");
    let json = r#"["x",{"type":2,"data":["news"]},{"rooms":[42,"tea"],"except":null,"flags":null}]"#;
    let payload = socket_io::msgpack::encode(json, &[]).unwrap().into();
    let received = format
        .decode(&at, "socket.io#/#", &payload, &|_| true)
        .unwrap();
    assert_eq!(
        received.unwrap().message,
        Message::Broadcast(Values::json(r#"["news"]"#), to(&["42", "tea"], &[]))
    );
}

#[test]
fn bytes_that_the_format_cannot_carry_are_refused() {
    let format = RedisAdapter::default();
    let bytes = Values {
        json: r#"["photo",{"_placeholder":true,"num":0}]"#.into(),
        attachments: vec![Bytes::from_static(&[1])],
    };
    let refused = format.encode(&place("/"), None, &Message::ServerEvent(bytes));
    assert!(
        matches!(refused, Err(WireError::Unsupported(_))),
        "{refused:?}"
    );
}

#[test]
fn hostile_messages_are_errors() {
    let format = RedisAdapter {
        limits: MessageLimits {
            max_bytes: 2_000,
            max_depth: 20,
            max_attachments: 3,
        },
        ..RedisAdapter::default()
    };
    let at = place("/chat");
    let pack = |json: &str, attachments: &[Bytes]| {
        Bytes::from(socket_io::msgpack::encode(json, attachments).unwrap())
    };
    let deep =
        |open: &str, close: &str| format!("{}{}", open.repeat(30), close.repeat(30));
    let packet =
        |data: &str| format!(r#"["x",{{"type":2,"data":{data},"nsp":"/chat"}},{{}}]"#);
    let byte = Bytes::from_static(&[1]);
    let placeholder = r#"{"_placeholder":true,"num":0}"#;

    let broadcasts: Vec<(&str, Bytes)> = vec![
        ("nothing", Bytes::new()),
        ("not msgpack", Bytes::from_static(b"\xc1")),
        (
            "half a message",
            pack(&packet(r#"["news"]"#), &[]).slice(..9),
        ),
        ("not an array", pack("{}", &[])),
        (
            "two elements",
            pack(r#"["x",{"type":2,"data":["news"],"nsp":"/chat"}]"#, &[]),
        ),
        (
            "a number as the server",
            pack(&packet("[\"news\"]").replace("\"x\"", "1"), &[]),
        ),
        (
            "no event",
            pack(r#"["x",{"type":2,"nsp":"/chat"},{}]"#, &[]),
        ),
        ("an event without a name", pack(&packet("[1]"), &[])),
        ("an event that is a text", pack(&packet("\"[\""), &[])),
        (
            "a packet that disconnects",
            pack(&packet("[\"news\"]").replace(":2", ":1"), &[]),
        ),
        (
            "deep",
            pack(&packet(&format!("[\"news\",{}]", deep("[", "]"))), &[]),
        ),
        (
            "large",
            pack(
                &packet(&format!("[\"news\",\"{}\"]", "t".repeat(2_000))),
                &[],
            ),
        ),
        (
            "many attachments",
            pack(
                &packet(&format!(
                    "[\"news\",{}]",
                    (0..4)
                        .map(|num| placeholder.replace('0', &num.to_string()))
                        .collect::<Vec<_>>()
                        .join(",")
                )),
                &[byte.clone(), byte.clone(), byte.clone(), byte.clone()],
            ),
        ),
        (
            "bytes outside of the event",
            pack(
                &format!(
                    r#"["x",{{"more":{placeholder},"type":2,"data":["news"],"nsp":"/chat"}},{{}}]"#
                ),
                std::slice::from_ref(&byte),
            ),
        ),
        (
            "rooms that are objects",
            pack(
                r#"["x",{"type":2,"data":["news"],"nsp":"/chat"},{"rooms":[{}]}]"#,
                &[],
            ),
        ),
    ];
    for (name, payload) in broadcasts {
        let read = format.decode(&at, "socket.io#/chat#", &payload, &|_| true);
        assert!(read.is_err(), "{name}: {read:?}");
    }

    let requests = [
        "{",
        "{}",
        "{\"type\":6}",
        "{\"type\":\"6\"}",
        "{\"type\":-1}",
        "{\"type\":5}",
        "{\"type\":7,\"requestId\":\"q\"}",
        "{\"type\":7,\"requestId\":\"q\",\"packet\":{\"type\":2,\"nsp\":\"/chat\"}}",
        "{\"type\":2,\"opts\":[],\"rooms\":\"tea\"}",
        "{\"type\":6,\"data\":{\"0\":\"news\"}}",
        "{\"type\":6,\"data\":[]}",
    ];
    let deep = format!(r#"{{"type":6,"data":["news",{}]}}"#, deep("{\"a\":", "}"));
    for request in requests.into_iter().chain([&*deep]) {
        let payload = Bytes::copy_from_slice(request.as_bytes());
        let read = format.decode(&at, "socket.io-request#/chat#", &payload, &|_| true);
        assert!(read.is_err(), "{request}: {read:?}");
    }

    let responses = [
        "{\"sockets\":[]}",
        "{\"requestId\":1,\"sockets\":[]}",
        "{\"requestId\":\"q\",\"sockets\":[{}]}",
        "{\"requestId\":\"q\",\"sockets\":[1]}",
        "{\"requestId\":\"q\",\"sockets\":[\"a\",1]}",
        "{\"requestId\":\"q\",\"rooms\":[[]]}",
        "{\"requestId\":\"q\",\"type\":8}",
        "{\"requestId\":\"q\",\"type\":8,\"clientCount\":-1}",
    ];
    for response in responses {
        let payload = Bytes::copy_from_slice(response.as_bytes());
        let read = format.decode(&at, "socket.io-response#/chat#", &payload, &|_| true);
        assert!(read.is_err(), "{response}: {read:?}");
    }
}

#[test]
fn what_a_newer_version_may_add_is_ignored() {
    let format = RedisAdapter::default();
    for (channel, message) in [
        ("socket.io-request#/#", r#"{"type":99,"uid":"x"}"#),
        (
            "socket.io-request#/#",
            r#"{"type":2,"sid":"x","room":"tea","requestId":"q"}"#,
        ),
        ("socket.io-response#/#", r#"{"type":99,"requestId":"q"}"#),
        ("socket.io-response#/#", r#"{"requestId":"q"}"#),
        ("another#/#", "?"),
    ] {
        let payload = Bytes::from_static(message.as_bytes());
        let read = format.decode(&place("/"), channel, &payload, &|_| true);
        assert_eq!(read.unwrap(), None, "{message}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(payload in prop::collection::vec(any::<u8>(), 0..200), which in 0..3_usize) {
        let channel = ["socket.io#/#", "socket.io-request#/#", "socket.io-response#/#"][which];
        let _ = RedisAdapter::default()
            .decode(&place("/"), channel, &payload.into(), &|_| true);
    }

    #[test]
    fn no_change_to_a_message_of_node_panics(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let lines = lines(GOLDEN);
        let line = which.get(&lines);
        let mut payload = line.payload().to_vec();
        *at.get_mut(&mut payload) = byte;
        let place = place(line.namespace());
        let _ = RedisAdapter::default()
            .decode(&place, &line.channel, &payload.into(), &|_| true);
    }
}
