//! The rules for `next_line`, one per case. Sections are those of chapter 5.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::subject::{Lines, Source};

/// One step of a script.
#[derive(Clone, Copy)]
enum Step {
    Bytes(&'static [u8]),
    Wait,
    Fail(ErrorKind),
}
use Step::{Bytes, Fail, Wait};

/// A source that takes one step at each poll of a read, and is then at its end.
struct Script {
    steps: VecDeque<Step>,
    polls: u32,
}

impl Source for Script {
    fn read(&mut self, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>> {
        poll_fn(|_| {
            self.polls += 1;
            assert!(
                self.polls < 1000,
                "`next_line` does not return: it has read 1,000 times. See \"Cancellation\"."
            );
            match self.steps.pop_front() {
                None => Poll::Ready(Ok(0)),
                Some(Wait) => Poll::Pending,
                Some(Fail(kind)) => Poll::Ready(Err(kind.into())),
                Some(Bytes(bytes)) => {
                    let (now, later) = bytes.split_at(bytes.len().min(buffer.len()));
                    buffer[..now.len()].copy_from_slice(now);
                    if !later.is_empty() {
                        self.steps.push_front(Bytes(later));
                    }
                    Poll::Ready(Ok(now.len()))
                }
            }
        })
    }
}

fn lines(steps: &[Step]) -> Lines<Script> {
    let steps = steps.iter().copied().collect();
    Lines::new(Script { steps, polls: 0 })
}

/// Calls `next_line`, polls its future once, and drops it. Says what it returned.
fn once(lines: &mut Lines<Script>) -> String {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(lines.next_line()).poll(&mut context) {
        Poll::Pending => "pending".into(),
        Poll::Ready(Ok(None)) => "the end".into(),
        Poll::Ready(Ok(Some(line))) => match String::from_utf8(line) {
            Ok(text) => format!("line {text}"),
            Err(error) => format!("bytes {:?}", error.into_bytes()),
        },
        Poll::Ready(Err(error)) => format!("error {:?}", error.kind()),
    }
}

#[test]
fn a_line_is_returned_without_its_newline() {
    let mut lines = lines(&[Bytes(b"hello\n")]);
    assert_eq!(
        once(&mut lines),
        "line hello",
        "The source sent `hello\\n`. See \"Cancellation\"."
    );
    assert_eq!(
        once(&mut lines),
        "the end",
        "The source is at its end. See \"Cancellation\"."
    );
}

#[test]
fn a_line_can_arrive_in_pieces() {
    let mut lines = lines(&[Bytes(b"he"), Bytes(b"ll"), Bytes(b"o\n")]);
    assert_eq!(
        once(&mut lines),
        "line hello",
        "The line arrived in three reads, none of which had to wait. A read is not a \
         line. See \"Cancellation\"."
    );
}

#[test]
fn two_lines_in_one_read_are_returned_one_by_one() {
    let mut lines = lines(&[Bytes(b"one\ntwo\n"), Wait]);
    assert_eq!(
        once(&mut lines),
        "line one",
        "One read returned two lines. See \"Cancellation\"."
    );
    assert_eq!(
        once(&mut lines),
        "line two",
        "`two` was read together with `one`: it is returned without another read. See \
         \"Cancellation\"."
    );
}

#[test]
fn a_dropped_read_loses_no_byte() {
    let mut lines = lines(&[Bytes(b"he"), Wait, Bytes(b"llo\n")]);
    assert_eq!(
        once(&mut lines),
        "pending",
        "`he` arrived, then the source waits. See \"Cancellation\"."
    );
    assert_eq!(
        once(&mut lines),
        "line hello",
        "`he` arrived, the future was dropped, `llo` arrived. The next call continues the \
         line. See \"Cancellation\"."
    );
}

#[test]
fn a_read_can_be_dropped_after_every_byte() {
    let pieces: [&'static [u8]; 6] = [b"h", b"e", b"l", b"l", b"o", b"\n"];
    let steps: Vec<_> = pieces
        .iter()
        .flat_map(|piece| [Bytes(piece), Wait, Wait])
        .collect();
    let mut lines = lines(&steps);
    let mut said = Vec::new();
    while said.len() < 20 && said.last().is_none_or(|last| last == "pending") {
        said.push(once(&mut lines));
    }
    assert_eq!(
        said.last().map(String::as_str),
        Some("line hello"),
        "`hello` arrived byte by byte, and the future was dropped at every wait: no byte \
         is lost, none is repeated. See \"Cancellation\"."
    );
}

#[test]
fn the_beginning_of_the_next_line_survives() {
    let mut lines = lines(&[Bytes(b"one\ntw"), Wait, Bytes(b"o\n")]);
    assert_eq!(
        once(&mut lines),
        "line one",
        "One read returned `one\\n` and the beginning of `two`. See \"Cancellation\"."
    );
    assert_eq!(
        once(&mut lines),
        "pending",
        "`tw` is not a line yet. See \"Cancellation\"."
    );
    assert_eq!(
        once(&mut lines),
        "line two",
        "`tw` was read together with `one\\n`, and belongs to the next line. See \
         \"Cancellation\"."
    );
}

#[test]
fn a_line_is_bytes_and_not_text() {
    let mut lines = lines(&[Bytes(b"caf\xc3"), Wait, Bytes(b"\xa9\n\xff\n")]);
    assert_eq!(
        once(&mut lines),
        "pending",
        "The line has no `\\n` yet. See \"Cancellation\"."
    );
    assert_eq!(
        once(&mut lines),
        "line caf\u{e9}",
        "The two bytes of `\u{e9}` arrived in two reads. See \"Cancellation\"."
    );
    assert_eq!(
        once(&mut lines),
        "bytes [255]",
        "A line need not be UTF-8: return its bytes as they are. See \"Cancellation\"."
    );
}

#[test]
fn an_unfinished_line_is_dropped_at_the_end() {
    let mut lines = lines(&[Bytes(b"one\ntw")]);
    assert_eq!(
        once(&mut lines),
        "line one",
        "One read returned `one\\n` and the beginning of `two`. See \"Cancellation\"."
    );
    for time in ["first", "second"] {
        assert_eq!(
            once(&mut lines),
            "the end",
            "`tw` never got its `\\n` ({time} call at the end). See \"Cancellation\"."
        );
    }
}

#[test]
fn an_empty_line_is_a_line() {
    let mut lines = lines(&[Bytes(b"\n\none\n")]);
    for wanted in ["line ", "line ", "line one", "the end"] {
        assert_eq!(
            once(&mut lines),
            wanted,
            "The source sent `\\n\\none\\n`: two empty lines and `one`. See \
             \"Cancellation\"."
        );
    }
}

#[test]
fn an_error_is_returned_and_what_was_read_stays() {
    let mut lines = lines(&[Bytes(b"he"), Fail(ErrorKind::TimedOut), Bytes(b"llo\n")]);
    assert_eq!(
        once(&mut lines),
        "error TimedOut",
        "The source reported an error: return it. See \"Cancellation\"."
    );
    assert_eq!(
        once(&mut lines),
        "line hello",
        "`he` arrived before the error, `llo` after it. See \"Cancellation\"."
    );
}
