//! The rules for a connection, one per case. Sections are those of chapter 5.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use super::subject::{Connection, Want};

/// A stream that follows a script: each read and each write takes the next step of its
/// own list.
#[derive(Default)]
struct Script {
    reads: VecDeque<Result<&'static [u8], ErrorKind>>,
    writes: VecDeque<Result<usize, ErrorKind>>,
    written: Vec<u8>,
    calls: u32,
}

impl Script {
    /// Reads return these, then `WouldBlock`. `Ok(b"")` is the end of file.
    fn reads(steps: &[Result<&'static [u8], ErrorKind>]) -> Self {
        Self {
            reads: steps.iter().copied().collect(),
            ..Self::default()
        }
    }

    /// Writes accept at most these numbers of bytes, then everything.
    fn writes(mut self, steps: &[Result<usize, ErrorKind>]) -> Self {
        self.writes = steps.iter().copied().collect();
        self
    }

    fn written(&self) -> String {
        String::from_utf8_lossy(&self.written).into_owned()
    }

    fn called(&mut self) {
        self.calls += 1;
        assert!(
            self.calls < 1000,
            "`on_ready` does not return: it has made 1,000 calls. See \"Level and edge\"."
        );
    }
}

impl Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.called();
        if buffer.is_empty() {
            return Ok(0);
        }
        match self.reads.pop_front() {
            None => Err(ErrorKind::WouldBlock.into()),
            Some(Err(kind)) => Err(kind.into()),
            Some(Ok(bytes)) => {
                let (now, later) = bytes.split_at(bytes.len().min(buffer.len()));
                buffer[..now.len()].copy_from_slice(now);
                if !later.is_empty() || now.is_empty() {
                    self.reads.push_front(Ok(later));
                }
                Ok(now.len())
            }
        }
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.called();
        let count = self
            .writes
            .pop_front()
            .unwrap_or(Ok(usize::MAX))?
            .min(bytes.len());
        self.written.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes one call and returns its result.
fn go(connection: &mut Connection, stream: &mut Script) -> Result<Want, ErrorKind> {
    connection.on_ready(stream).map_err(|error| error.kind())
}

#[test]
fn everything_that_has_arrived_is_read() {
    let mut stream = Script::reads(&[Ok(b"one\n"), Ok(b"two\n"), Ok(b"three\n")]);
    let wants = go(&mut Connection::default(), &mut stream);
    assert_eq!(
        stream.written(),
        "one\ntwo\nthree\n",
        "Three lines had arrived, one per read. An edge is reported once: read until \
         `WouldBlock`. See \"Level and edge\"."
    );
    assert_eq!(
        wants,
        Ok(Want::Read),
        "Everything is sent, and the client can send more. See \"A state machine\"."
    );
}

#[test]
fn a_short_read_is_not_the_last() {
    let mut stream = Script::reads(&[Ok(b"on"), Ok(b"e\n")]);
    let _ = go(&mut Connection::default(), &mut stream);
    assert_eq!(
        stream.written(),
        "one\n",
        "The first read returned 2 bytes, and more had arrived. Only `WouldBlock` says that \
         nothing is left. See \"Level and edge\"."
    );
}

#[test]
fn a_line_can_arrive_in_pieces() {
    let mut connection = Connection::default();
    let mut stream = Script::reads(&[Ok(b"one\ntw")]);
    let wants = go(&mut connection, &mut stream);
    assert_eq!(
        (stream.written(), wants),
        ("one\n".into(), Ok(Want::Read)),
        "`tw` is not a line yet, so it is kept and not sent. See \"A state machine\"."
    );
    stream.reads.push_back(Ok(b"o\n"));
    let _ = go(&mut connection, &mut stream);
    assert_eq!(
        stream.written(),
        "one\ntwo\n",
        "The rest of `two` arrived for the next call, which needs its beginning. See \
         \"A state machine\"."
    );
}

#[test]
fn a_write_can_accept_fewer_bytes() {
    let mut stream = Script::reads(&[Ok(b"hello\n")]).writes(&[Ok(1), Ok(3)]);
    let wants = go(&mut Connection::default(), &mut stream);
    assert_eq!(
        (stream.written(), wants),
        ("hello\n".into(), Ok(Want::Read)),
        "The first two writes accept 1 and 3 bytes of `hello\\n`: continue after those. See \
         \"A state machine\"."
    );
}

#[test]
fn nothing_is_read_while_something_is_unsent() {
    let block = Err(ErrorKind::WouldBlock);
    let mut stream =
        Script::reads(&[Ok(b"hello\n"), Ok(b"more\n")]).writes(&[Ok(2), block]);
    let wants = go(&mut Connection::default(), &mut stream);
    assert_eq!(
        wants,
        Ok(Want::Write),
        "`he` is sent and there is no room for `llo\\n`: wait for room. See \"A state machine\"."
    );
    assert_eq!(
        stream.reads.len(),
        1,
        "`more` was read while `llo` was unsent: a client that does not read its answers \
         would fill our memory. See \"A state machine\"."
    );
}

#[test]
fn after_a_write_it_reads_again() {
    let block = Err(ErrorKind::WouldBlock);
    let mut connection = Connection::default();
    let mut stream =
        Script::reads(&[Ok(b"hello\n"), Ok(b"more\n")]).writes(&[Ok(2), block]);
    let _ = go(&mut connection, &mut stream);
    let wants = go(&mut connection, &mut stream);
    assert_eq!(
        (stream.written(), wants),
        ("hello\nmore\n".into(), Ok(Want::Read)),
        "There was room again, and `more` had arrived before that: it is not reported a \
         second time. See \"Level and edge\"."
    );
}

#[test]
fn unsent_answers_go_out_before_the_close() {
    let block = Err(ErrorKind::WouldBlock);
    let mut connection = Connection::default();
    let mut stream =
        Script::reads(&[Ok(b"hello\n"), Ok(b"")]).writes(&[Ok(2), block, block]);
    for time in ["first", "second"] {
        let wants = go(&mut connection, &mut stream);
        assert_eq!(
            wants,
            Ok(Want::Write),
            "`llo\\n` is unsent after the {time} call. See \"A state machine\"."
        );
    }
    let wants = go(&mut connection, &mut stream);
    assert_eq!(
        (stream.written(), wants),
        ("hello\n".into(), Ok(Want::Close)),
        "The client has closed its side, but it can still read: send everything, then close. \
         See \"A state machine\"."
    );
}

#[test]
fn a_line_without_newline_is_not_sent_back() {
    let mut stream = Script::reads(&[Ok(b"one\ntw"), Ok(b"")]);
    let wants = go(&mut Connection::default(), &mut stream);
    assert_eq!(
        (stream.written(), wants),
        ("one\n".into(), Ok(Want::Close)),
        "`tw` never got its `\\n`, and the client has closed its side. See \"A state machine\"."
    );
}

#[test]
fn an_interrupted_call_is_repeated() {
    let signal = Err(ErrorKind::Interrupted);
    let mut stream =
        Script::reads(&[Err(ErrorKind::Interrupted), Ok(b"one\n")]).writes(&[signal]);
    let wants = go(&mut Connection::default(), &mut stream);
    assert_eq!(
        (stream.written(), wants),
        ("one\n".into(), Ok(Want::Read)),
        "`Interrupted` says only that a signal came first. The readiness is not reported \
         again, so repeat the call. See \"Level and edge\"."
    );
}

#[test]
fn a_write_of_0_bytes_is_an_error() {
    let mut stream = Script::reads(&[Ok(b"one\n")]).writes(&[Ok(0)]);
    assert_eq!(
        go(&mut Connection::default(), &mut stream),
        Err(ErrorKind::WriteZero),
        "A write accepted 0 of 4 bytes: that is the error `WriteZero`. See \"A state machine\"."
    );
}

#[test]
fn another_error_is_returned() {
    let mut stream = Script::reads(&[Err(ErrorKind::ConnectionReset)]);
    assert_eq!(
        go(&mut Connection::default(), &mut stream),
        Err(ErrorKind::ConnectionReset),
        "A read failed with `ConnectionReset`: return the error to the loop. See \
         \"A state machine\"."
    );
    let mut stream = Script::reads(&[Ok(b"one\n")]).writes(&[Err(ErrorKind::BrokenPipe)]);
    assert_eq!(
        go(&mut Connection::default(), &mut stream),
        Err(ErrorKind::BrokenPipe),
        "A write failed with `BrokenPipe`: return the error to the loop. See \
         \"A state machine\"."
    );
}

#[test]
fn several_lines_in_one_read_are_all_sent_back() {
    let mut stream = Script::reads(&[Ok(b"one\ntwo\nthree\nfo")]);
    let wants = go(&mut Connection::default(), &mut stream);
    assert_eq!(
        (stream.written(), wants),
        ("one\ntwo\nthree\n".into(), Ok(Want::Read)),
        "One read returned three lines and the beginning of a fourth: all three go back. \
         See \"A state machine\"."
    );
}

#[test]
fn a_line_is_bytes_and_not_text() {
    let mut stream = Script::reads(&[Ok(b"caf\xc3"), Ok(b"\xa9\n\xff\n")]);
    let _ = go(&mut Connection::default(), &mut stream);
    assert_eq!(
        stream.written.escape_ascii().to_string(),
        "caf\\xc3\\xa9\\n\\xff\\n",
        "The two bytes of `\u{e9}` arrived in two reads, and a line need not be UTF-8: send \
         the bytes back as they arrived. See \"A state machine\"."
    );
}
