//! A head is read to the same end however it comes, and what it makes us answer is one
//! HTTP response.
#![no_main]

use libfuzzer_sys::fuzz_target;
use websocket::{ClientHandshake, Origins, Request};

fuzz_target!(|bytes: &[u8]| {
    let answer = match Request::parse(bytes) {
        Ok(Some((request, len))) => {
            assert!(len <= bytes.len());
            assert_eq!(
                Request::parse(&bytes[..len])
                    .expect("the same bytes")
                    .map(|(_, len)| len),
                Some(len)
            );
            match request.check_origin(&Origins::Same) {
                Ok(()) => request.response(request.protocols.first().map(String::as_str)),
                Err(refusal) => refusal.response(),
            }
        }
        Ok(None) => return,
        Err(refusal) => refusal.response(),
    };
    // One head, whatever the request had in it.
    let head = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("a head")
        + 4;
    let text = std::str::from_utf8(&answer[..head]).expect("text");
    assert!(text.starts_with("HTTP/1.1 "));
    assert!(!text.contains("HTTP/1.1 101") || head == answer.len());
    let _ = ClientHandshake::with_nonce([0; 16]).verify(bytes);
});
