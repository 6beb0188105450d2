//! What `key` and `is_accepted` have to do. Sections are those of chapter 7.

use super::subject::{is_accepted, key};

/// The example of RFC 6455 §1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The headers of a response that accepts `KEY`.
const RIGHT: [(&str, &str); 3] = [
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Accept", ACCEPT),
];

/// `RIGHT` with another value for one header.
fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut headers = RIGHT.to_vec();
    headers.retain(|(header, _)| *header != name);
    headers.push((name, value));
    headers
}

#[test]
fn the_example_of_the_standard() {
    assert_eq!(
        key(*b"the sample nonce"),
        KEY,
        "the key is the 16 bytes in base64. See \"Computing the accept key\"."
    );
    assert!(
        is_accepted(KEY, 101, &RIGHT),
        "you refused the response of RFC 6455 §1.3, which accepts its key. \
         See \"The client's half\"."
    );
}

#[test]
fn a_key_is_the_nonce_in_base64() {
    let highest = key([0xff; 16]);
    assert_eq!(
        highest, "/////////////////////w==",
        "sixteen bytes are 24 characters of standard base64, the last two of them `=`. \
         See \"Computing the accept key\"."
    );
}

#[test]
fn another_status_is_refused() {
    for status in [200, 100, 400] {
        assert!(
            !is_accepted(KEY, status, &RIGHT),
            "you accepted status {status}: only 101 switches protocols. \
             See \"The client's half\"."
        );
    }
}

#[test]
fn another_accept_key_is_refused() {
    for (value, what) in [
        (
            "HSmrc0sMlYUkAGmm5OPpG2HaGWk=",
            "the accept key of another request",
        ),
        (KEY, "the key itself, sent back"),
        (
            "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            "an accept key with one letter in the other case",
        ),
        (
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo",
            "an accept key without its `=`",
        ),
        ("", "an empty accept key"),
    ] {
        assert!(
            !is_accepted(KEY, 101, &with("Sec-WebSocket-Accept", value)),
            "you accepted {what}. See \"Why the accept key exists\"."
        );
    }
}

#[test]
fn the_accept_key_belongs_to_the_request() {
    let headers = with("Sec-WebSocket-Accept", "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
    assert!(
        is_accepted("x3JJHMbDL1EzLkh9GBhXDw==", 101, &headers),
        "you refused the right accept key for the key x3JJHMbDL1EzLkh9GBhXDw==. \
         See \"Computing the accept key\"."
    );
    assert!(
        !is_accepted("x3JJHMbDL1EzLkh9GBhXDw==", 101, &RIGHT),
        "you accepted the accept key of another request. \
         See \"Why the accept key exists\"."
    );
}

#[test]
fn each_header_is_needed() {
    for (missing, _) in RIGHT {
        let mut headers = RIGHT.to_vec();
        headers.retain(|(name, _)| *name != missing);
        assert!(
            !is_accepted(KEY, 101, &headers),
            "you accepted a response without {missing}. See \"The client's half\"."
        );
    }
}

#[test]
fn upgrade_and_connection_need_their_words() {
    for (name, value) in [
        ("Upgrade", "h2c"),
        ("Upgrade", "websocket2"),
        ("Connection", "keep-alive"),
        ("Connection", "close, no-upgrade"),
        ("Connection", "Upgrade-Insecure"),
    ] {
        assert!(
            !is_accepted(KEY, 101, &with(name, value)),
            "you accepted `{name}: {value}`. See \"The client's half\"."
        );
    }
}

#[test]
fn connection_is_a_list() {
    for value in [
        "keep-alive, Upgrade",
        "Upgrade,keep-alive",
        "a , upgrade , b",
    ] {
        assert!(
            is_accepted(KEY, 101, &with("Connection", value)),
            "you refused `Connection: {value}`, a list that has the word Upgrade. \
             See \"The client's half\"."
        );
    }
}

#[test]
fn names_and_words_have_no_case() {
    let upper = [
        ("UPGRADE", "WebSocket"),
        ("CONNECTION", "UPGRADE"),
        ("SEC-WEBSOCKET-ACCEPT", ACCEPT),
    ];
    let lower = [
        ("upgrade", "websocket"),
        ("connection", "upgrade"),
        ("sec-websocket-accept", ACCEPT),
    ];
    for headers in [upper, lower] {
        assert!(
            is_accepted(KEY, 101, &headers),
            "you refused {headers:?}: case makes no difference in names of headers, \
             nor in these words. See \"HTTP in one request and one response\"."
        );
    }
}
