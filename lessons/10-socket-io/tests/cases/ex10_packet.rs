//! What `parse` has to do. Sections are those of chapter 10.

use crate::subject::{BadPacket, Packet, parse};

fn packet(kind: u8) -> Packet<'static> {
    Packet {
        kind,
        attachments: 0,
        namespace: "/",
        id: None,
        data: "",
    }
}

#[test]
fn a_type_is_enough() {
    for kind in 0..=6 {
        if kind >= 5 {
            continue;
        }
        let text = kind.to_string();
        assert_eq!(
            parse(&text),
            Ok(packet(kind)),
            "{text:?}: all the other parts may be missing. See \"The packet\"."
        );
    }
}

#[test]
fn an_event_in_the_main_namespace() {
    let expected = Packet {
        data: r#"["tea",1]"#,
        ..packet(2)
    };
    assert_eq!(
        parse(r#"2["tea",1]"#),
        Ok(expected),
        "no namespace means `/`. See \"The packet\"."
    );
}

#[test]
fn a_namespace_goes_up_to_its_comma() {
    let expected = Packet {
        namespace: "/chat",
        data: r#"["a,b"]"#,
        ..packet(2)
    };
    assert_eq!(
        parse(r#"2/chat,["a,b"]"#),
        Ok(expected),
        "the first comma ends it. See \"The packet\"."
    );
    let expected = Packet {
        namespace: "/chat",
        ..packet(0)
    };
    assert_eq!(
        parse("0/chat,"),
        Ok(expected),
        "the comma is no part of it. See \"The packet\"."
    );
    assert_eq!(
        parse("0/chat"),
        Ok(expected),
        "at the end the comma may be missing. See \"The packet\"."
    );
}

#[test]
fn an_id_is_all_the_digits() {
    let expected = Packet {
        id: Some(12),
        data: r#"["join"]"#,
        ..packet(2)
    };
    assert_eq!(
        parse(r#"212["join"]"#),
        Ok(expected),
        "the type is one digit, the rest is the id. See \"The packet\"."
    );
    let expected = Packet {
        namespace: "/chat",
        id: Some(0),
        data: "[true]",
        ..packet(3)
    };
    assert_eq!(
        parse("3/chat,0[true]"),
        Ok(expected),
        "0 is an id. See \"The packet\"."
    );
}

#[test]
fn attachments_are_counted() {
    let expected = Packet {
        attachments: 2,
        data: "[]",
        ..packet(5)
    };
    assert_eq!(
        parse("52-[]"),
        Ok(expected),
        "the number stands before the `-`. See \"Bytes\"."
    );
    let expected = Packet {
        attachments: 10,
        namespace: "/chat",
        id: Some(7),
        data: "[]",
        ..packet(6)
    };
    assert_eq!(
        parse("610-/chat,7[]"),
        Ok(expected),
        "all five parts. See \"Bytes\"."
    );
}

#[test]
fn only_types_five_and_six_have_attachments() {
    let expected = Packet {
        id: Some(1),
        data: "-[]",
        ..packet(2)
    };
    assert_eq!(
        parse("21-[]"),
        Ok(expected),
        "for type 2 a number is the id. See \"The packet\"."
    );
}

#[test]
fn a_binary_packet_without_attachments_is_wrong() {
    for text in [
        "5",
        "5[]",
        "5-[]",
        "50-[]",
        "51[]",
        "599999999999999999999999-[]",
    ] {
        assert_eq!(
            parse(text),
            Err(BadPacket),
            "{text:?} does not say how many. See \"Bytes\"."
        );
    }
}

#[test]
fn what_has_no_type_is_wrong() {
    for text in ["", "7", "9[]", "[]", "é", "/chat"] {
        assert_eq!(
            parse(text),
            Err(BadPacket),
            "{text:?} begins with no type. See \"The packet\"."
        );
    }
}

#[test]
fn an_id_fits_into_64_bits() {
    let most = format!("3{}[]", u64::MAX);
    assert_eq!(
        parse(&most).map(|packet| packet.id),
        Ok(Some(u64::MAX)),
        "64 bits hold it. See \"The packet\"."
    );
    assert_eq!(
        parse("318446744073709551616[]"),
        Err(BadPacket),
        "one more than 64 bits hold. See \"The packet\"."
    );
}
