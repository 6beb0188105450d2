//! What `send_all` has to do, each rule in one case. Sections are those of chapter 4.

use std::io::ErrorKind;

use sockets::Sips;

use crate::subject::send_all;

/// Sends `hello, world` to `stream`; how that ended.
fn send(stream: &mut Sips) -> Result<(), ErrorKind> {
    send_all(stream, b"hello, world").map_err(|error| error.kind())
}

#[test]
fn what_is_taken_at_once_is_sent_once() {
    let mut stream = Sips::default();
    assert_eq!(
        send(&mut stream),
        Ok(()),
        "A stream that takes all is no error. See \"A write may be short\"."
    );
    assert_eq!(
        (
            String::from_utf8_lossy(stream.taken()).as_ref(),
            stream.calls()
        ),
        ("hello, world", 1),
        "The stream takes all at the first call (left: what it has, and after how many calls). \
         See \"A write may be short\"."
    );
}

#[test]
fn a_short_write_is_followed_by_the_rest() {
    let mut stream = Sips::new([1, 4, 2]);
    assert_eq!(
        send(&mut stream),
        Ok(()),
        "A short write is no error. See \"A write may be short\"."
    );
    assert_eq!(
        String::from_utf8_lossy(stream.taken()),
        "hello, world",
        "The first calls take 1, 4 and 2 bytes: go on after what was taken. See \"A write may be short\"."
    );
}

#[test]
fn a_stream_that_takes_a_byte_a_call_gets_all() {
    let mut stream = Sips::new([1; 12]);
    assert_eq!(
        send(&mut stream),
        Ok(()),
        "12 writes of one byte are no error. See \"A write may be short\"."
    );
    assert_eq!(
        (
            String::from_utf8_lossy(stream.taken()).as_ref(),
            stream.calls()
        ),
        ("hello, world", 12),
        "Each call takes one byte, so 12 calls are due for 12 bytes (left: what it has, and after how many calls). \
         See \"A write may be short\"."
    );
}

#[test]
fn nothing_to_send_is_no_call() {
    let mut stream = Sips::new([0]);
    assert_eq!(
        send_all(&mut stream, b"").map_err(|error| error.kind()),
        Ok(()),
        "Nothing to send is no error. See \"A write may be short\"."
    );
    assert_eq!(
        stream.calls(),
        0,
        "With nothing to send `write` is not called: it could only give 0. See \"A write may be short\"."
    );
}

#[test]
fn a_stream_that_takes_no_more_is_an_error() {
    let mut stream = Sips::new([5, 0]);
    assert_eq!(
        send(&mut stream),
        Err(ErrorKind::WriteZero),
        "The second `write` took 0 bytes of 7: that is `WriteZero`. See \"A write may be short\"."
    );
    assert_eq!(
        stream.calls(),
        2,
        "After a `write` of 0 bytes there is no other. See \"A write may be short\"."
    );
}

#[test]
fn an_interrupted_call_is_made_again() {
    let mut stream = Sips::new([5])
        .then_fails(ErrorKind::Interrupted)
        .then_fails(ErrorKind::Interrupted);
    assert_eq!(
        send(&mut stream),
        Ok(()),
        "`Interrupted` means that a signal came first and nothing was taken: call again. \
         See \"A signal comes in between\"."
    );
    assert_eq!(
        String::from_utf8_lossy(stream.taken()),
        "hello, world",
        "After two interrupted calls the rest is due, each byte once. See \"A signal comes in between\"."
    );
}

#[test]
fn another_error_is_given_as_it_is() {
    let mut stream = Sips::new([5]).then_fails(ErrorKind::BrokenPipe);
    assert_eq!(
        send(&mut stream),
        Err(ErrorKind::BrokenPipe),
        "The peer is gone (`BrokenPipe`): the caller has to hear of it. See \"A signal comes in between\"."
    );
    assert_eq!(
        stream.calls(),
        2,
        "After such an error there is no other call. See \"A signal comes in between\"."
    );
}
