//! What `take_out` and `put_back` have to do. The sections are those of chapter 10.

use serde_json::{Value, json};

use super::subject::{BadPlaceholder, Data, put_back, take_out};

fn text(text: &str) -> Data {
    Data::Plain(json!(text))
}

fn map<const N: usize>(fields: [(&str, Data); N]) -> Data {
    Data::Map(
        fields
            .into_iter()
            .map(|(name, data)| (name.to_owned(), data))
            .collect(),
    )
}

fn bytes(byte: u8) -> Data {
    Data::Bytes(vec![byte; 3])
}

#[test]
fn without_bytes_nothing_changes() {
    let data = Data::List(vec![
        text("tea"),
        Data::Plain(json!(1)),
        Data::Plain(Value::Null),
        map([("a", text("b"))]),
    ]);
    let (json, attachments) = take_out(data);
    assert_eq!(
        json,
        json!(["tea", 1, null, { "a": "b" }]),
        "without bytes, the JSON is that of the data. See \"Bytes\"."
    );
    assert!(
        attachments.is_empty(),
        "the data has no bytes. See \"Bytes\"."
    );
}

#[test]
fn bytes_leave_a_placeholder() {
    let (json, attachments) = take_out(Data::List(vec![text("photo"), bytes(7)]));
    let expected = json!(["photo", { "_placeholder": true, "num": 0 }]);
    assert_eq!(
        json, expected,
        "the first bytes have number 0. See \"Bytes\"."
    );
    assert_eq!(
        attachments,
        [vec![7; 3]],
        "the bytes become an attachment. See \"Bytes\"."
    );
}

#[test]
fn bytes_are_numbered_from_left_to_right() {
    let inner = map([("a", bytes(2)), ("b", Data::List(vec![bytes(3)]))]);
    let (json, attachments) = take_out(Data::List(vec![bytes(1), inner, bytes(4)]));
    let hole = |num: usize| json!({ "_placeholder": true, "num": num });
    let expected = json!([hole(0), { "a": hole(1), "b": [hole(2)] }, hole(3)]);
    assert_eq!(
        json, expected,
        "bytes inside lists and maps are numbered too, from left to right. See \"Bytes\"."
    );
    assert_eq!(
        attachments,
        [[1; 3], [2; 3], [3; 3], [4; 3]],
        "the attachments are in the order of their numbers. See \"Bytes\"."
    );
}

#[test]
fn take_out_then_put_back_returns_the_data() {
    let data = Data::List(vec![
        bytes(1),
        map([("a", bytes(2)), ("n", Data::Plain(json!(1.5)))]),
        text("x"),
    ]);
    let (json, attachments) = take_out(data.clone());
    assert_eq!(
        put_back(json, attachments),
        Ok(data),
        "put_back must return what take_out was given. See \"Bytes\"."
    );
}

#[test]
fn placeholders_may_be_in_any_order() {
    let json =
        json!([{ "_placeholder": true, "num": 1 }, { "num": 0, "_placeholder": true }]);
    let data = put_back(json, vec![vec![1; 3], vec![2; 3]]);
    assert_eq!(
        data,
        Ok(Data::List(vec![bytes(2), bytes(1)])),
        "the number says which attachment it is. See \"Bytes\"."
    );
}

#[test]
fn other_maps_are_not_placeholders() {
    for json in [
        json!({ "_placeholder": false, "num": 0 }),
        json!({ "_placeholder": "true" }),
        json!({ "num": 0 }),
    ] {
        let data = put_back(json.clone(), vec![]);
        assert!(
            matches!(data, Ok(Data::Map(_))),
            "{json}: `_placeholder` is not `true`. See \"Bytes\"."
        );
    }
}

#[test]
fn a_placeholder_needs_the_number_of_an_attachment() {
    for num in [
        json!(1),
        json!(-1),
        json!(0.5),
        json!("0"),
        json!(null),
        json!(4_294_967_296_u64),
    ] {
        let json = json!([{ "_placeholder": true, "num": num }]);
        let data = put_back(json.clone(), vec![vec![1; 3]]);
        assert_eq!(
            data,
            Err(BadPlaceholder),
            "{json}: the only attachment has number 0. See \"Bytes\"."
        );
    }
    let data = put_back(json!([{ "_placeholder": true }]), vec![vec![1; 3]]);
    assert_eq!(
        data,
        Err(BadPlaceholder),
        "the placeholder has no number. See \"Bytes\"."
    );
}

#[test]
fn an_attachment_is_used_once() {
    let twice =
        json!([{ "_placeholder": true, "num": 0 }, { "_placeholder": true, "num": 0 }]);
    let data = put_back(twice, vec![vec![1; 3], vec![2; 3]]);
    assert_eq!(
        data,
        Err(BadPlaceholder),
        "two placeholders use the same attachment. See \"Bytes\"."
    );
    let data = put_back(json!(["tea"]), vec![vec![1; 3]]);
    assert_eq!(
        data,
        Err(BadPlaceholder),
        "no placeholder uses the attachment. See \"Bytes\"."
    );
}

#[test]
fn bytes_are_found_at_any_depth() {
    let deep = |byte| Data::List(vec![Data::List(vec![bytes(byte), text("x")])]);
    let data = Data::List(vec![
        deep(1),
        map([("a", map([("b", bytes(2)), ("c", deep(3))]))]),
        Data::List(vec![map([("d", map([("e", bytes(4))]))])]),
    ]);
    let (json, attachments) = take_out(data.clone());
    assert_eq!(
        attachments,
        [[1; 3], [2; 3], [3; 3], [4; 3]],
        "lists in lists, maps in maps, and each in the other. See \"Bytes\"."
    );
    assert_eq!(
        put_back(json, attachments),
        Ok(data),
        "lists in lists, maps in maps, and each in the other. See \"Bytes\"."
    );
}

#[test]
fn equal_and_empty_bytes_have_their_own_attachments() {
    let data = Data::List(vec![bytes(1), bytes(1), Data::Bytes(Vec::new())]);
    let (json, attachments) = take_out(data.clone());
    assert_eq!(
        attachments,
        [vec![1; 3], vec![1; 3], Vec::new()],
        "equal bytes are two attachments, and empty bytes are one. See \"Bytes\"."
    );
    assert_eq!(
        put_back(json, attachments),
        Ok(data),
        "equal bytes are two attachments, and empty bytes are one. See \"Bytes\"."
    );
}

#[test]
fn other_fields_of_a_placeholder_are_ignored() {
    let json = json!({ "_placeholder": true, "num": 0, "name": "photo" });
    assert_eq!(
        put_back(json, vec![vec![1; 3]]),
        Ok(bytes(1)),
        "`_placeholder` is `true`, so the map is a placeholder. See \"Bytes\"."
    );
}

#[test]
fn a_placeholder_needs_an_attachment() {
    for json in [
        json!({ "_placeholder": true, "num": 0 }),
        json!({ "_placeholder": true }),
        json!({ "_placeholder": true, "num": "0" }),
        json!([[{ "_placeholder": true, "num": 0 }]]),
    ] {
        assert_eq!(
            put_back(json.clone(), vec![]),
            Err(BadPlaceholder),
            "{json}: there are no attachments. See \"Bytes\"."
        );
    }
}

#[test]
fn every_attachment_must_be_used() {
    let json = json!([{ "_placeholder": true, "num": 0 }]);
    assert_eq!(
        put_back(json, vec![vec![1; 3], vec![2; 3]]),
        Err(BadPlaceholder),
        "attachment 1, the last one, is not used. See \"Bytes\"."
    );
}
