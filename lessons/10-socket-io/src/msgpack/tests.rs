use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::machine::{ATTACHMENT_COST, EVENT_COST, Output as Received, Rules};
use crate::wire::outgoing::EncodedPacket;

/// Reads hexadecimal digits.
fn hex(digits: &str) -> Bytes {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.map(byte).collect()
}

fn read(input: impl Into<Bytes>) -> Result<(String, Vec<Bytes>), DecodeError> {
    decode(input, Limits::default())
}

/// What npm's notepack.io 2.2.0 and 3.0.1 both write for a JSON text.
const GOLDEN: [(&str, &str); 6] = [
    (
        "[0,127,128,255,256,65535,65536,4294967295,4294967296,9007199254740991]",
        "9a007fcc80ccffcd0100cdffffce00010000ceffffffffcf0000000100000000cf001fffffffffffff",
    ),
    (
        "[-1,-32,-33,-128,-129,-32768,-32769,-2147483648,-2147483649]",
        "99ffe0d0dfd080d1ff7fd18000d2ffff7fffd280000000d3ffffffff7fffffff",
    ),
    (
        "[1.5,-0.25,1e-7]",
        "93cb3ff8000000000000cbbfd0000000000000cb3e7ad7f29abcaf48",
    ),
    ("[null,true,false]", "93c0c3c2"),
    (
        r#"["","tea","é","☕️🫖"]"#,
        "94a0a3746561a2c3a9aae29895efb88ff09fab96",
    ),
    (
        r#"{"type":2,"nsp":"/","data":["photo",{"a":[],"b":{}}],"id":7}"#,
        "84a47479706502a36e7370a12fa46461746192a570686f746f82a16190a16280a2696407",
    ),
];

#[test]
fn the_bytes_are_those_of_notepack() {
    for (json, digits) in GOLDEN {
        assert_eq!(encode(json, &[]).unwrap(), hex(digits), "{json}");
        let (back, attachments) = read(hex(digits)).unwrap();
        assert_eq!((back.as_str(), attachments.len()), (json, 0));
    }
}

#[test]
fn headers_are_as_short_as_notepacks() {
    let text = |len: usize| format!("\"{}\"", "x".repeat(len));
    let array = |len: usize| format!("[{}]", vec!["0"; len].join(","));
    let map = |len: usize| {
        let entries: Vec<_> = (0..len).map(|key| format!("\"{key}\":0")).collect();
        format!("{{{}}}", entries.join(","))
    };
    for (json, header) in [
        (text(31), "bf"),
        (text(32), "d920"),
        (text(255), "d9ff"),
        (text(256), "da0100"),
        (text(65536), "db00010000"),
        (array(15), "9f"),
        (array(16), "dc0010"),
        (array(65536), "dd00010000"),
        (map(15), "8f"),
        (map(16), "de0010"),
        (map(65536), "df00010000"),
    ] {
        let packed = encode(&json, &[]).unwrap();
        assert!(packed.starts_with(&hex(header)), "{header}");
        assert_eq!(read(packed).unwrap().0, json);
    }
    for (len, header) in [
        (0, "c400"),
        (255, "c4ff"),
        (256, "c50100"),
        (65536, "c600010000"),
    ] {
        let bytes = Bytes::from(vec![7; len]);
        let json = r#"{"_placeholder":true,"num":0}"#;
        let packed = encode(json, std::slice::from_ref(&bytes)).unwrap();
        assert!(packed.starts_with(&hex(header)), "{header}");
        assert_eq!(packed.len(), header.len() / 2 + len);
        assert_eq!(read(packed).unwrap(), (json.to_owned(), vec![bytes]));
    }
}

#[test]
fn bytes_take_the_place_of_their_placeholders_and_share_the_inputs_memory() {
    let json =
        r#"["p",{"_placeholder":true,"num":0},[{"a":{"_placeholder":true,"num":1}}]]"#;
    let attachments = [Bytes::from_static(&[1, 2, 3]), Bytes::new()];
    let packed = Bytes::from(encode(json, &attachments).unwrap());
    assert_eq!(
        packed,
        hex("93a170c40301020391 81a161c400".replace(' ', "").as_str())
    );
    let (back, slices) = read(packed.clone()).unwrap();
    assert_eq!(
        (back.as_str(), slices.as_slice()),
        (json, attachments.as_slice())
    );
    assert!(packed.as_ptr_range().contains(&slices[0].as_ptr()));

    // Numbers in another order name the same bytes.
    let swapped =
        r#"[{"num":1,"_placeholder":true},{"_placeholder":true,"num":0,"more":[]}]"#;
    assert_eq!(
        encode(swapped, &attachments).unwrap(),
        hex("92c400c403010203")
    );
}

#[test]
fn a_placeholder_without_attachments_is_an_object() {
    let json = r#"{"_placeholder":true,"num":0}"#;
    let packed = encode(json, &[]).unwrap();
    assert_eq!(packed[0], 0x82);
    assert_eq!(read(packed).unwrap(), (json.to_owned(), Vec::new()));
}

#[test]
fn only_true_makes_an_object_a_placeholder() {
    for other in ["false", "1", r#""true""#, "null", "[true]"] {
        let json = format!(
            r#"[{{"_placeholder":{other},"num":0}},{{"_placeholder":true,"num":0}}]"#
        );
        let bytes = Bytes::from_static(b"tea");
        let packed = encode(&json, std::slice::from_ref(&bytes)).unwrap();
        assert_eq!(read(packed), Ok((json, vec![bytes])));
    }
}

#[test]
fn an_object_cannot_pass_for_bytes_that_belong_elsewhere() {
    for (first, second) in [("82", "c40107"), ("c40107", "82")] {
        let map = "ac5f706c616365686f6c646572c3a36e756d00";
        let value = |it: &str| {
            if it == "82" {
                format!("82{map}")
            } else {
                it.to_owned()
            }
        };
        let packed = format!("92{}{}", value(first), value(second));
        assert_eq!(read(hex(&packed)), Err(DecodeError::Placeholder));
    }
    let missing = encode(r#"{"_placeholder":true,"num":1}"#, &[Bytes::new()]);
    assert!(
        missing
            .unwrap_err()
            .to_string()
            .contains("no attachment of that number")
    );
    assert!(encode(r#"{"_placeholder":true}"#, &[Bytes::new()]).is_err());
    assert!(encode(r#"{"_placeholder":true,"num":-1}"#, &[Bytes::new()]).is_err());
}

#[test]
fn types_that_only_notepack_writes_are_read() {
    // An `ArrayBuffer`, in the three sizes of version 2, and in sizes that are fixed.
    for packed in [
        "c702000102",
        "c800020001 02",
        "c90000000200 0102",
        "d5000102",
    ] {
        let (json, attachments) = read(hex(&packed.replace(' ', ""))).unwrap();
        assert_eq!(json, r#"{"_placeholder":true,"num":0}"#);
        assert_eq!(attachments, [[1, 2].as_slice()], "{packed}");
    }
    assert_eq!(read(hex("d40000")).unwrap().0, "null", "undefined");
    assert_eq!(
        read(hex("ca3dcccccd")).unwrap().0,
        "0.10000000149011612",
        "32 bits"
    );
    for not_finite in [
        "cb7ff0000000000000",
        "cbfff0000000000000",
        "cb7ff8000000000000",
    ] {
        assert_eq!(read(hex(not_finite)).unwrap().0, "null");
    }
    // Half a surrogate pair.
    assert_eq!(
        read(hex("a3eda0bd")).unwrap().0,
        "\"\u{fffd}\u{fffd}\u{fffd}\""
    );
}

/// Each as notepack.io 2.2.0 and 3.0.1 write it, and as `JSON.stringify` does.
#[test]
fn dates_are_read_as_json_has_them() {
    for (date, second, third) in [
        (
            "1970-01-01T00:00:00.000Z",
            "d7000000000000000000",
            "d6ff00000000",
        ),
        (
            "2023-11-14T22:13:20.123Z",
            "d7000000018bcfe5687b",
            "d7ff1d5353006553f100",
        ),
        (
            "1969-12-31T23:59:59.999Z",
            "d700ffffffffffffffff",
            "c70cff3b8b87c0ffffffffffffffff",
        ),
        (
            "+010000-01-01T00:00:00.000Z",
            "d7000000e677d21fdc00",
            "c70cff000000000000003afff44180",
        ),
        (
            "+275760-09-13T00:00:00.000Z",
            "d700001eb208c2dc0000",
            "c70cff00000000000007dba8218000",
        ),
        (
            "-271821-04-20T00:00:00.000Z",
            "d700ffe14df73d240000",
            "c70cff00000000fffff82457de8000",
        ),
        (
            "-000001-03-01T00:00:00.000Z",
            "d700ffffc76f6921a800",
            "c70cff00000000fffffff184f81900",
        ),
        (
            "2000-02-29T23:59:59.999Z",
            "d700000000dd9fcd3bff",
            "d7ffee2e1f0038bc5d7f",
        ),
    ] {
        for packed in [second, third] {
            assert_eq!(read(hex(packed)).unwrap().0, format!("\"{date}\""));
        }
    }
    let never = [
        "d7007fffffffffffffff",
        "d700001eb208c2dc0001",
        "c70cffffffffff7fffffffffffffff",
    ];
    for packed in never {
        assert_eq!(read(hex(packed)).unwrap().0, "null", "an invalid date");
    }
}

#[test]
fn input_that_ends_early_or_late_is_refused() {
    let whole =
        hex("83a16193c0cb3ff8000000000000a3746561a162c403010203a163d7000000000000000000");
    assert!(read(whole.clone()).is_ok());
    for len in 0..whole.len() {
        assert_eq!(
            read(whole.slice(..len)),
            Err(DecodeError::Truncated),
            "{len} bytes"
        );
    }
    let longer: Bytes = [&whole[..], &[0xc0]].concat().into();
    assert_eq!(read(longer), Err(DecodeError::Trailing));
}

#[test]
fn input_that_json_cannot_express_is_refused() {
    for packed in ["c1", "91c1", "d405ff", "c7020500ff", "d8ff", "c703ff000000"] {
        let error = read(hex(packed)).unwrap_err();
        assert!(matches!(error, DecodeError::Type), "{packed}: {error}");
    }
    for key in ["00", "c0", "90", "c40161", "cb3ff8000000000000"] {
        assert_eq!(read(hex(&format!("81{key}c0"))), Err(DecodeError::Key));
    }
}

#[test]
fn lengths_that_lie_reserve_nothing() {
    for header in [
        "ddffffffff",
        "dfffffffff",
        "dbffffffff",
        "c6ffffffff",
        "c9ffffffff00",
    ] {
        let mut result = None;
        let measured = allocation_counter::measure(|| result = Some(read(hex(header))));
        assert_eq!(result, Some(Err(DecodeError::Truncated)), "{header}");
        assert!(
            measured.bytes_max < 1000,
            "{header}: {} bytes",
            measured.bytes_max
        );
    }
}

#[test]
fn the_limits_are_exact() {
    let within = |limits: Limits, packed: &str| decode(hex(packed), limits).map(|_| ());
    let limits = Limits {
        max_depth: 3,
        max_attachments: 2,
        max_json: 100,
    };
    assert_eq!(within(limits, "919190"), Ok(()));
    assert_eq!(within(limits, "91919190"), Err(DecodeError::TooDeep));
    assert_eq!(within(limits, "9181a1618190"), Err(DecodeError::Key));
    assert_eq!(
        within(limits, "9181a16181a16190"),
        Err(DecodeError::TooDeep)
    );
    assert_eq!(within(limits, "92c400c400"), Ok(()));
    assert_eq!(
        within(limits, "93c400c400d50000000000"),
        Err(DecodeError::TooManyAttachments)
    );
    // Each of the 16 characters becomes six in JSON.
    assert_eq!(within(limits, &format!("b0{}", "01".repeat(16))), Ok(()));
    let two = |len| Limits {
        max_json: len,
        ..limits
    };
    assert_eq!(within(two(98), &format!("b0{}", "01".repeat(16))), Ok(()));
    assert_eq!(
        within(two(97), &format!("b0{}", "01".repeat(16))),
        Err(DecodeError::TooLarge)
    );
    for (packed, len) in [
        ("90", 2),
        ("80", 2),
        ("c0", 4),
        ("9100", 3),
        ("ca3f800000", 3),
    ] {
        assert_eq!(within(two(len), packed), Ok(()), "{packed}");
        assert_eq!(
            within(two(len - 1), packed),
            Err(DecodeError::TooLarge),
            "{packed}"
        );
    }
}

#[test]
fn nothing_deep_overflows_the_stack() {
    let deep = [vec![0x91; 1_000_000], vec![0x90]].concat();
    let limits = Limits {
        max_depth: usize::MAX,
        ..Limits::default()
    };
    assert_eq!(decode(deep, limits), Err(DecodeError::TooDeep));
    let deepest = [vec![0x91; MAX_DEPTH - 1], vec![0x90]].concat();
    let (json, _) = decode(deepest.clone(), limits).unwrap();
    assert!(serde_json::from_str::<Value>(&json).is_ok());
    assert_eq!(encode(&json, &[]).unwrap(), deepest);
    assert!(encode(&format!("[{json}]"), &[]).is_err());
    assert!(encode(&"[".repeat(1_000_000), &[]).is_err());
}

#[test]
fn json_that_serde_cannot_represent_is_written_as_javascript_reads_it() {
    assert_eq!(
        encode(r#"["\ud83d",1e400]"#, &[]).unwrap(),
        hex("92a3efbfbdc0")
    );
    for text in ["", "[", "[1,", "[1]]", "tea", "{1:2}"] {
        assert!(encode(text, &[]).is_err(), "{text}");
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-300_i64..300).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..20)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn json_comes_back_as_the_same_text(value in value(), bytes: Option<Vec<u8>>) {
        let attachments: Vec<Bytes> = bytes.into_iter().map(Bytes::from).collect();
        let mut array = vec![value];
        array.extend(attachments.iter().map(|_| json!({"_placeholder": true, "num": 0})));
        let json = serde_json::to_string(&array).unwrap();
        let packed = encode(&json, &attachments).unwrap();
        prop_assert_eq!(read(packed).unwrap(), (json, attachments));
    }

    #[test]
    fn any_bytes_are_refused_or_become_json_that_can_be_sent_again(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x80_u8..0xe0], 0..60)
    ) {
        if let Ok((json, attachments)) = read(bytes) {
            let packed = encode(&json, &attachments).unwrap();
            prop_assert_eq!(read(packed).unwrap(), (json, attachments));
        }
    }
}

// --- The parser ---

fn translated(packed: impl Into<Bytes>) -> Result<(String, Vec<Bytes>), ParseError> {
    MsgPack.read(packed.into(), &crate::Limits::default())
}

/// Packets as npm's socket.io-msgpack-parser 3.0.2 encodes them, and their texts.
const PACKETS: [(&str, &str); 6] = [
    (
        "0/chat,{\"token\":\"123\"}",
        "83a47479706500a46461746181a5746f6b656ea3313233a36e7370a52f63686174",
    ),
    ("1/chat,", "82a47479706501a36e7370a52f63686174"),
    (
        "2[\"tea\",1]",
        "83a47479706502a46461746192a374656101a36e7370a12f",
    ),
    (
        "51-12[\"photo\",{\"_placeholder\":true,\"num\":0}]",
        "84a47479706502a46461746192a570686f746fc4020102a36e7370a12fa269640c",
    ),
    (
        "3/chat,0[true]",
        "84a47479706503a46461746191c3a36e7370a52f63686174a2696400",
    ),
    (
        "61-7[{\"_placeholder\":true,\"num\":0}]",
        "84a47479706503a46461746191c4020102a36e7370a12fa2696407",
    ),
];

#[test]
fn packets_of_the_npm_parser_become_the_text_that_the_default_parser_gets() {
    for (text, digits) in PACKETS {
        let (read, attachments) = translated(hex(digits)).unwrap();
        assert_eq!(read, text);
        let again = MsgPack.write(&read, &attachments).unwrap();
        assert_eq!(translated(again).unwrap(), (read, attachments));
    }
    let refusal = MsgPack.write(r#"4/no,{"message":"no"}"#, &[]).unwrap();
    let json = r#"{"type":4,"nsp":"/no","data":{"message":"no"}}"#;
    assert_eq!(read(refusal).unwrap().0, json);
}

#[test]
fn what_is_not_a_packet_is_refused() {
    for json in [
        "[]",
        "2",
        "{}",
        r#"{"type":2,"data":["a"]}"#,
        r#"{"nsp":"/","data":["a"]}"#,
        r#"{"type":5,"nsp":"/","data":["a"]}"#,
        r#"{"type":-1,"nsp":"/","data":["a"]}"#,
        r#"{"type":"2","nsp":"/","data":["a"]}"#,
        r#"{"type":4,"nsp":"/","data":{"message":"x"}}"#,
        r#"{"type":2,"nsp":3,"data":["a"]}"#,
        r#"{"type":2,"nsp":"","data":["a"]}"#,
        r#"{"type":2,"nsp":"chat","data":["a"]}"#,
        r#"{"type":2,"nsp":"/a,1","data":["a"]}"#,
        r#"{"type":2,"nsp":"/","data":["a"],"id":-1}"#,
        r#"{"type":2,"nsp":"/","data":["a"],"id":1.5}"#,
        r#"{"type":2,"type":2,"nsp":"/","data":["a"]}"#,
    ] {
        let error = translated(encode(json, &[]).unwrap()).unwrap_err();
        assert!(
            matches!(error, ParseError::MsgPack(DecodeError::Packet)),
            "{json}: {error}"
        );
    }
    let connect = r#"{"type":0,"nsp":"/","data":{"a":{"_placeholder":true,"num":0}}}"#;
    let error = translated(encode(connect, &[Bytes::new()]).unwrap()).unwrap_err();
    assert!(
        matches!(error, ParseError::MsgPack(DecodeError::Packet)),
        "{error}"
    );
    // Keys that the client adds for itself mean nothing.
    let more =
        r#"{"type":2,"data":["a"],"options":{"compress":true},"nsp":"/","id":null}"#;
    assert_eq!(
        translated(encode(more, &[]).unwrap()).unwrap().0,
        r#"2["a"]"#
    );
}

proptest! {
    #[test]
    fn any_message_is_refused_or_becomes_a_packet_that_can_be_sent_again(
        kind in 0_u8..6, nsp in "/?[a-z,?]{0,4}", id in any::<Option<u8>>(), value in value(),
        bytes in any::<Option<Vec<u8>>>(),
    ) {
        let attachments: Vec<Bytes> = bytes.into_iter().map(Bytes::from).collect();
        let mut data = vec![json!("name"), value];
        data.extend(attachments.iter().map(|_| json!({"_placeholder": true, "num": 0})));
        let json = json!({"type": kind, "nsp": nsp, "id": id, "data": data}).to_string();
        let packed = encode(&json, &attachments).unwrap();
        if let Ok((text, attachments)) = translated(packed)
            && let Ok(again) = MsgPack.write(&text, &attachments)
        {
            let (text, cut) = (translated(again).unwrap(), (text, attachments));
            // A query after the namespace's name is nothing in the text.
            prop_assert!(text == cut || cut.0.contains('?'));
        }
    }
}

// --- The machine ---

type Machine = crate::machine::Machine<u32, u64>;

/// A client that has joined `/`.
fn joined(now: Instant, limits: crate::Limits) -> Machine {
    let rules = Rules {
        limits,
        connect_timeout: Duration::from_secs(45),
        parser: Parser::msgpack(),
    };
    let mut machine = Machine::new(now, Arc::new(rules));
    let connect = encode(r#"{"type":0,"nsp":"/"}"#, &[]).unwrap();
    match machine.handle_binary(now, connect.into()) {
        Some(Received::Ask { key, .. }) => {
            machine.admit(key, 7);
            machine.accepted(key);
        }
        other => panic!("{other:?}"),
    }
    machine
}

fn event(data: &str, attachments: &[Bytes]) -> Bytes {
    let json = format!(r#"{{"type":2,"nsp":"/","data":{data}}}"#);
    encode(&json, attachments).unwrap().into()
}

#[test]
fn an_event_costs_its_json_and_the_message_that_its_bytes_keep() {
    let now = Instant::now();
    let mut machine = joined(now, crate::Limits::default());
    let text = "x".repeat(1000);
    let data = format!(r#"["{text}",{{"_placeholder":true,"num":0}}]"#);
    let message = event(&data, &[Bytes::from_static(b"y")]);
    for (message, bytes, attachments) in [
        (message.clone(), message.len() + ATTACHMENT_COST, 1),
        (event(r#"["x"]"#, &[]), 0, 0),
    ] {
        let Some(Received::Event { event, .. }) = machine.handle_binary(now, message)
        else {
            panic!("an event was expected");
        };
        assert_eq!(event.cost, EVENT_COST + event.array.len() + bytes);
        assert_eq!(event.attachments.len(), attachments);
    }
}

#[test]
fn the_machines_limits_hold() {
    let now = Instant::now();
    let limits = crate::Limits {
        max_depth: 3,
        max_attachments: 2,
        max_attachment_bytes: 10,
        ..crate::Limits::default()
    };
    let placeholders = |count: usize| {
        let object = |num| format!(r#"{{"_placeholder":true,"num":{num}}}"#);
        (0..count).map(object).collect::<Vec<_>>().join(",")
    };
    let with_bytes = |count: usize, size: usize| {
        let data = format!(r#"["a",{}]"#, placeholders(count));
        event(&data, &vec![vec![0; size].into(); count])
    };
    for (message, fits) in [
        (event(r#"["a",[[]]]"#, &[]), true),
        (event(r#"["a",[[[]]]]"#, &[]), false),
        (with_bytes(2, 5), true),
        (with_bytes(2, 6), false),
        (with_bytes(3, 1), false),
        (event(r#"["connect"]"#, &[]), false),
        (event("{}", &[]), false),
        (Bytes::from_static(b"\xc1"), false),
        (Bytes::new(), false),
    ] {
        let mut machine = joined(now, limits);
        let output = machine.handle_binary(now, message);
        assert_eq!(output.is_some(), fits);
        assert_eq!(machine.has_ended(), !fits);
    }
    let mut machine = joined(now, limits);
    assert!(machine.handle_text(now, r#"2["a"]"#).is_none());
    assert!(machine.has_ended(), "text is another parser's");
}

#[test]
fn a_packet_is_translated_once_and_counted() {
    let packet = EncodedPacket::plain(PacketType::Event, "/", r#"["tea"]"#);
    let size = packet.size();
    assert_eq!(packet.messages_for(Parser::default()), packet.messages());
    assert_eq!(packet.size(), size, "the default parser translates nothing");
    let [first] = packet.messages_for(Parser::msgpack()) else {
        panic!("one message was expected");
    };
    assert_eq!(first.payload(), event(r#"["tea"]"#, &[]));
    assert!(std::ptr::eq(
        first,
        &raw const packet.messages_for(Parser::msgpack())[0]
    ));
    assert_eq!(packet.size(), size + first.size());
}
