//! What `send_all` has to do, one rule per case. Sections are those of chapter 4.

use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Write};

use sockets::Sips;

use super::subject::send_all;

const MESSAGE: &str = "hello, world";

/// Sends the message to `stream` and returns how that ended.
fn send(stream: &mut Sips) -> Result<(), ErrorKind> {
    send_all(stream, MESSAGE.as_bytes()).map_err(|error| error.kind())
}

/// Checks that `stream` accepted exactly the message.
fn check_sent(stream: &Sips, why: &str) {
    let sent = String::from_utf8_lossy(stream.taken());
    assert!(sent == MESSAGE, "sent {sent:?}, wanted {MESSAGE:?}. {why}");
}

/// Checks the number of calls of `write`.
fn check_calls(stream: &Sips, wanted: usize, why: &str) {
    let calls = stream.calls();
    assert!(
        calls == wanted,
        "`write` was called {calls} times, wanted {wanted}. {why}"
    );
}

#[test]
fn one_write_that_accepts_everything_is_enough() {
    let mut stream = Sips::default();
    assert_eq!(
        send(&mut stream),
        Ok(()),
        "The stream accepts everything, which is a success. See \"Short writes\"."
    );
    check_sent(&stream, "See \"Short writes\".");
    check_calls(
        &stream,
        1,
        "The first call accepted everything, so nothing is left to send. \
         See \"Short writes\".",
    );
}

#[test]
fn a_short_write_is_followed_by_the_rest() {
    let mut stream = Sips::new([1, 4, 2]);
    assert_eq!(
        send(&mut stream),
        Ok(()),
        "A short write is not an error. See \"Short writes\"."
    );
    check_sent(
        &stream,
        "The first calls accept 1, 4 and 2 bytes: continue after them. \
         See \"Short writes\".",
    );
}

#[test]
fn one_byte_per_write_still_sends_everything() {
    let mut stream = Sips::new([1; 12]);
    assert_eq!(
        send(&mut stream),
        Ok(()),
        "12 writes of one byte are not an error. See \"Short writes\"."
    );
    check_sent(
        &stream,
        "Each call accepts one byte: the next call starts after it. \
         See \"Short writes\".",
    );
    check_calls(
        &stream,
        12,
        "Each call accepts one of 12 bytes. See \"Short writes\".",
    );
}

#[test]
fn an_empty_message_makes_no_call() {
    let mut stream = Sips::new([0]);
    assert_eq!(
        send_all(&mut stream, b"").map_err(|error| error.kind()),
        Ok(()),
        "With nothing to send there is no error. See \"Short writes\"."
    );
    check_calls(
        &stream,
        0,
        "With nothing to send, `write` could only return 0. See \"Short writes\".",
    );
}

#[test]
fn a_write_of_0_bytes_is_write_zero() {
    let mut stream = Sips::new([5, 0]);
    assert_eq!(
        send(&mut stream),
        Err(ErrorKind::WriteZero),
        "The second `write` accepted 0 of 7 bytes: return `WriteZero`. \
         See \"Short writes\"."
    );
    check_calls(
        &stream,
        2,
        "After a `write` of 0 bytes, do not call it again. See \"Short writes\".",
    );
}

#[test]
fn an_interrupted_write_is_repeated() {
    let mut stream = Sips::new([5])
        .then_fails(ErrorKind::Interrupted)
        .then_fails(ErrorKind::Interrupted);
    assert_eq!(
        send(&mut stream),
        Ok(()),
        "`Interrupted` means that a signal arrived first and no byte was accepted: call \
         `write` again. See \"EINTR and SIGPIPE\"."
    );
    check_sent(
        &stream,
        "Two calls were interrupted: send the rest, each byte once. \
         See \"EINTR and SIGPIPE\".",
    );
}

#[test]
fn any_other_error_is_returned_at_once() {
    for kind in [ErrorKind::BrokenPipe, ErrorKind::WouldBlock] {
        let mut stream = Sips::new([5]).then_fails(kind);
        assert_eq!(
            send(&mut stream),
            Err(kind),
            "`write` failed with {kind:?}: return that error to the caller. \
             See \"EINTR and SIGPIPE\"."
        );
        check_calls(
            &stream,
            2,
            &format!("After {kind:?}, do not call it again. See \"EINTR and SIGPIPE\"."),
        );
    }
}

/// A stream whose `write` fails with a message.
struct OnFire;

impl Write for OnFire {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        Err(io::Error::other("the cable is on fire"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_error_keeps_its_message() {
    let said = send_all(&mut OnFire, b"hello")
        .expect_err("`write` failed, and `send_all` returned `Ok(())`")
        .to_string();
    assert!(
        said == "the cable is on fire",
        "`write` failed with \"the cable is on fire\", your error says {said:?}: return \
         the error itself, not a new one of the same kind. See \"EINTR and SIGPIPE\"."
    );
}

/// A stream on which only `write` can be called.
struct OnlyWrite(Sips);

impl OnlyWrite {
    fn refuse(method: &str) -> ! {
        panic!(
            "you called `{method}`: send the bytes with `write` alone. \
             See \"Short writes\"."
        )
    }
}

impl Write for OnlyWrite {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Self::refuse("flush")
    }

    fn write_all(&mut self, _bytes: &[u8]) -> io::Result<()> {
        Self::refuse("write_all")
    }

    fn write_vectored(&mut self, _slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Self::refuse("write_vectored")
    }

    fn write_fmt(&mut self, _text: fmt::Arguments<'_>) -> io::Result<()> {
        Self::refuse("write_fmt")
    }
}

#[test]
fn only_write_is_called() {
    let mut stream = OnlyWrite(Sips::new([3]));
    let ended = send_all(&mut stream, MESSAGE.as_bytes()).map_err(|error| error.kind());
    assert_eq!(
        ended,
        Ok(()),
        "A short write is not an error. See \"Short writes\"."
    );
    check_sent(&stream.0, "See \"Short writes\".");
}
