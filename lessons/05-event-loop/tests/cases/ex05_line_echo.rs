//! What a connection has to do, each rule in one case. Sections are those of chapter 5.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use crate::subject::{Connection, Want};

/// A stream that does what a case says: each read and each write takes the next step of
/// its own list.
#[derive(Default)]
struct Script {
    reads: VecDeque<Result<&'static str, ErrorKind>>,
    writes: VecDeque<Result<usize, ErrorKind>>,
    written: Vec<u8>,
    calls: u32,
}

impl Script {
    /// Reads give these, then `WouldBlock`. `Ok("")` is the end.
    fn reads(steps: &[Result<&'static str, ErrorKind>]) -> Self {
        Self {
            reads: steps.iter().copied().collect(),
            ..Self::default()
        }
    }

    /// Writes take so many bytes, then all.
    fn writes(mut self, steps: &[Result<usize, ErrorKind>]) -> Self {
        self.writes = steps.iter().copied().collect();
        self
    }

    fn written(&self) -> &str {
        std::str::from_utf8(&self.written).expect("the cases speak ASCII")
    }

    fn called(&mut self) {
        self.calls += 1;
        assert!(
            self.calls < 1000,
            "`on_ready` does not come to an end: 1,000 calls. See \"Level and edge\"."
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
            Some(Ok(text)) => {
                let (now, later) = text.split_at(text.len().min(buffer.len()));
                buffer[..now.len()].copy_from_slice(now.as_bytes());
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

/// One call; what it gave.
fn go(connection: &mut Connection, stream: &mut Script) -> Result<Want, ErrorKind> {
    connection.on_ready(stream).map_err(|error| error.kind())
}

#[test]
fn all_that_has_come_is_read() {
    let mut stream = Script::reads(&[Ok("one\n"), Ok("two\n"), Ok("three\n")]);
    let wants = go(&mut Connection::default(), &mut stream);
    assert_eq!(
        stream.written(),
        "one\ntwo\nthree\n",
        "Three lines were there. The edge is told once: go on until `WouldBlock`. See \"Level and edge\"."
    );
    assert_eq!(
        wants,
        Ok(Want::Read),
        "All is sent, and more may come. See \"A state machine\"."
    );
}

#[test]
fn a_short_read_is_not_the_last() {
    let mut stream = Script::reads(&[Ok("on"), Ok("e\n")]);
    let _ = go(&mut Connection::default(), &mut stream);
    assert_eq!(
        stream.written(),
        "one\n",
        "A read gave 2 bytes, and there were more. Only `WouldBlock` says that there is nothing. See \"Level and edge\"."
    );
}

#[test]
fn a_line_may_come_in_pieces() {
    let mut connection = Connection::default();
    let mut stream = Script::reads(&[Ok("one\ntw")]);
    let wants = go(&mut connection, &mut stream);
    assert_eq!(
        (stream.written(), wants),
        ("one\n", Ok(Want::Read)),
        "`tw` is no line yet, so it is kept and not sent. See \"A state machine\"."
    );
    stream.reads.push_back(Ok("o\n"));
    let _ = go(&mut connection, &mut stream);
    assert_eq!(
        stream.written(),
        "one\ntwo\n",
        "The rest of `two` came in the next call; its beginning was to be kept. See \"A state machine\"."
    );
}

#[test]
fn a_write_may_take_less() {
    let mut stream = Script::reads(&[Ok("hello\n")]).writes(&[Ok(1), Ok(3)]);
    let wants = go(&mut Connection::default(), &mut stream);
    assert_eq!(
        (stream.written(), wants),
        ("hello\n", Ok(Want::Read)),
        "The first writes take 1 and 3 bytes: go on after what was taken. See \"A state machine\"."
    );
}

#[test]
fn nothing_is_read_while_something_is_unsent() {
    let block = Err(ErrorKind::WouldBlock);
    let mut stream =
        Script::reads(&[Ok("hello\n"), Ok("more\n")]).writes(&[Ok(2), block]);
    let wants = go(&mut Connection::default(), &mut stream);
    assert_eq!(
        wants,
        Ok(Want::Write),
        "`he` is sent and there is no room for `llo`: it waits for room. See \"A state machine\"."
    );
    assert_eq!(
        stream.reads.len(),
        1,
        "`more` was read although `llo` is unsent: who does not take answers would fill our memory. \
         See \"A state machine\"."
    );
}

#[test]
fn after_a_write_it_reads_again() {
    let block = Err(ErrorKind::WouldBlock);
    let mut connection = Connection::default();
    let mut stream =
        Script::reads(&[Ok("hello\n"), Ok("more\n")]).writes(&[Ok(2), block]);
    let _ = go(&mut connection, &mut stream);
    let wants = go(&mut connection, &mut stream);
    assert_eq!(
        (stream.written(), wants),
        ("hello\nmore\n", Ok(Want::Read)),
        "There was room again, and `more` had come before: it is not told a second time. See \"Level and edge\"."
    );
}

#[test]
fn what_is_unsent_goes_out_before_the_close() {
    let block = Err(ErrorKind::WouldBlock);
    let mut connection = Connection::default();
    let mut stream =
        Script::reads(&[Ok("hello\n"), Ok("")]).writes(&[Ok(2), block, block]);
    for time in ["first", "second"] {
        let wants = go(&mut connection, &mut stream);
        assert_eq!(
            wants,
            Ok(Want::Write),
            "`llo` is unsent after the {time} call. See \"A state machine\"."
        );
    }
    let wants = go(&mut connection, &mut stream);
    assert_eq!(
        (stream.written(), wants),
        ("hello\n", Ok(Want::Close)),
        "The client has no more to say but may still listen: first all is sent, then closed. See \"A state machine\"."
    );
}

#[test]
fn a_line_without_an_end_is_not_answered() {
    let mut stream = Script::reads(&[Ok("one\ntw"), Ok("")]);
    let wants = go(&mut Connection::default(), &mut stream);
    assert_eq!(
        (stream.written(), wants),
        ("one\n", Ok(Want::Close)),
        "`tw` never became a line, and the client is done. See \"A state machine\"."
    );
}

#[test]
fn an_interrupted_call_is_made_again() {
    let signal = Err(ErrorKind::Interrupted);
    let mut stream =
        Script::reads(&[Err(ErrorKind::Interrupted), Ok("one\n")]).writes(&[signal]);
    let wants = go(&mut Connection::default(), &mut stream);
    assert_eq!(
        (stream.written(), wants),
        ("one\n", Ok(Want::Read)),
        "`Interrupted` says that a signal came first: call again, for nobody tells you again. \
         See \"Level and edge\"."
    );
}

#[test]
fn a_write_of_nothing_is_an_error() {
    let mut stream = Script::reads(&[Ok("one\n")]).writes(&[Ok(0)]);
    assert_eq!(
        go(&mut Connection::default(), &mut stream),
        Err(ErrorKind::WriteZero),
        "A write took 0 of 4 bytes: it will never take more. See \"A state machine\"."
    );
}

#[test]
fn another_error_is_given_to_the_caller() {
    let mut stream = Script::reads(&[Err(ErrorKind::ConnectionReset)]);
    assert_eq!(
        go(&mut Connection::default(), &mut stream),
        Err(ErrorKind::ConnectionReset),
        "The read failed: the loop has to hear of it. See \"A state machine\"."
    );
    let mut stream = Script::reads(&[Ok("one\n")]).writes(&[Err(ErrorKind::BrokenPipe)]);
    assert_eq!(
        go(&mut Connection::default(), &mut stream),
        Err(ErrorKind::BrokenPipe),
        "The write failed: the loop has to hear of it. See \"A state machine\"."
    );
}
