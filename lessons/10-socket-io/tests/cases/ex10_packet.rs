//! What `parse` has to do. The sections are those of chapter 10.

use super::subject::{BadPacket, Packet, parse};

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
fn a_type_alone_is_a_packet() {
    for kind in 0..=6 {
        if kind >= 5 {
            continue;
        }
        let text = kind.to_string();
        assert_eq!(
            parse(&text),
            Ok(packet(kind)),
            "{text:?}: all parts but the type may be missing. See \"The packet\"."
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
        "without a namespace it is `/`. See \"The packet\"."
    );
}

#[test]
fn a_namespace_ends_before_its_comma() {
    let expected = Packet {
        namespace: "/chat",
        data: r#"["a,b"]"#,
        ..packet(2)
    };
    assert_eq!(
        parse(r#"2/chat,["a,b"]"#),
        Ok(expected),
        "the namespace ends before the first comma. See \"The packet\"."
    );
    let expected = Packet {
        namespace: "/chat",
        ..packet(0)
    };
    assert_eq!(
        parse("0/chat,"),
        Ok(expected),
        "the comma is not part of the namespace. See \"The packet\"."
    );
    assert_eq!(
        parse("0/chat"),
        Ok(expected),
        "at the end of the text, the comma may be missing. See \"The packet\"."
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
        "the type is one digit; the digits after it are the id. See \"The packet\"."
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
        "0 is a valid id. See \"The packet\"."
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
        "the number of attachments is between the type and the `-`. See \"Bytes\"."
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
        "this packet has all five parts. See \"Bytes\"."
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
        "type 2 has no attachments, so the digits are the id. See \"The packet\"."
    );
}

#[test]
fn a_binary_packet_needs_a_number_of_attachments() {
    for text in [
        "5",
        "5[]",
        "5-[]",
        "50-[]",
        "51[]",
        "599999999999999999999999-[]",
        "5+1-[]",
        "5 1-[]",
        "5a-[]",
    ] {
        assert_eq!(
            parse(text),
            Err(BadPacket),
            "{text:?} has type 5, but no number of attachments that is at least 1 and a `-`. See \"Bytes\"."
        );
    }
}

#[test]
fn a_text_without_a_type_is_refused() {
    for text in ["", "7", "71-[]", "8", "91-[]", "9[]", "[]", "é", "/chat"] {
        assert_eq!(
            parse(text),
            Err(BadPacket),
            "{text:?} does not begin with a digit from 0 to 6. See \"The packet\"."
        );
    }
}

#[test]
fn an_id_fits_into_64_bits() {
    let most = format!("3{}[]", u64::MAX);
    assert_eq!(
        parse(&most).map(|packet| packet.id),
        Ok(Some(u64::MAX)),
        "this id fits into 64 bits. See \"The packet\"."
    );
    assert_eq!(
        parse("318446744073709551616[]"),
        Err(BadPacket),
        "this id is one too large for 64 bits. See \"The packet\"."
    );
}

#[test]
fn a_slash_inside_the_data_is_data() {
    for data in [r#"["see /chat, please"]"#, r#"["a, b"]"#, r#"[1,"/x"]"#] {
        let expected = Packet { data, ..packet(2) };
        let text = format!("2{data}");
        assert_eq!(
            parse(&text),
            Ok(expected),
            "{text:?}: a namespace begins directly after the type. See \"The packet\"."
        );
    }
}

#[test]
fn data_stays_as_it_is() {
    for data in [" [1] ", "\n", " 12[1]"] {
        let expected = Packet { data, ..packet(2) };
        let text = format!("2{data}");
        assert_eq!(
            parse(&text),
            Ok(expected),
            "{text:?}: spaces belong to the data. See \"The packet\"."
        );
    }
}
