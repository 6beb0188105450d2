//! What `take_out` and `put_back` have to do. Sections are those of chapter 10.

use serde_json::{Value, json};

use crate::subject::{BadPlaceholder, Data, put_back, take_out};

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
        "it is plain JSON. See \"Bytes\"."
    );
    assert!(
        attachments.is_empty(),
        "there are no bytes in it. See \"Bytes\"."
    );
}

#[test]
fn bytes_leave_a_placeholder() {
    let (json, attachments) = take_out(Data::List(vec![text("photo"), bytes(7)]));
    let expected = json!(["photo", { "_placeholder": true, "num": 0 }]);
    assert_eq!(
        json, expected,
        "the first piece has number 0. See \"Bytes\"."
    );
    assert_eq!(
        attachments,
        [vec![7; 3]],
        "the bytes follow by themselves. See \"Bytes\"."
    );
}

#[test]
fn pieces_are_numbered_from_left_to_right() {
    let inner = map([("a", bytes(2)), ("b", Data::List(vec![bytes(3)]))]);
    let (json, attachments) = take_out(Data::List(vec![bytes(1), inner, bytes(4)]));
    let hole = |num: usize| json!({ "_placeholder": true, "num": num });
    let expected = json!([hole(0), { "a": hole(1), "b": [hole(2)] }, hole(3)]);
    assert_eq!(
        json, expected,
        "deep ones too, in the order in which they come. See \"Bytes\"."
    );
    assert_eq!(
        attachments,
        [[1; 3], [2; 3], [3; 3], [4; 3]],
        "attachments come in that order. See \"Bytes\"."
    );
}

#[test]
fn what_was_taken_out_is_put_back() {
    let data = Data::List(vec![
        bytes(1),
        map([("a", bytes(2)), ("n", Data::Plain(json!(1.5)))]),
        text("x"),
    ]);
    let (json, attachments) = take_out(data.clone());
    assert_eq!(
        put_back(json, attachments),
        Ok(data),
        "both ways have to fit. See \"Bytes\"."
    );
}

#[test]
fn a_client_may_number_as_it_likes() {
    let json =
        json!([{ "_placeholder": true, "num": 1 }, { "num": 0, "_placeholder": true }]);
    let data = put_back(json, vec![vec![1; 3], vec![2; 3]]);
    assert_eq!(
        data,
        Ok(Data::List(vec![bytes(2), bytes(1)])),
        "the number says which one. See \"Bytes\"."
    );
}

#[test]
fn a_map_that_only_looks_like_one_is_none() {
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
fn a_number_must_be_that_of_an_attachment() {
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
            "{json}: there is only number 0. See \"Bytes\"."
        );
    }
    let data = put_back(json!([{ "_placeholder": true }]), vec![vec![1; 3]]);
    assert_eq!(
        data,
        Err(BadPlaceholder),
        "a placeholder without a number. See \"Bytes\"."
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
        "two placeholders for one attachment. See \"Bytes\"."
    );
    let data = put_back(json!(["tea"]), vec![vec![1; 3]]);
    assert_eq!(
        data,
        Err(BadPlaceholder),
        "an attachment that nobody asked for. See \"Bytes\"."
    );
}
