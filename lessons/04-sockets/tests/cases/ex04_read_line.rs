//! What `read_line` has to do, one rule per case. Sections are those of chapter 4.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use sockets::Pieces;

use super::subject::{MAX_LINE, read_line};

/// Reads lines from a stream that arrives in these pieces, until it ends or fails.
fn lines(pieces: &[&[u8]]) -> (Vec<String>, Result<(), ErrorKind>) {
    lines_of(&mut Pieces::new(pieces))
}

fn lines_of(stream: &mut impl Read) -> (Vec<String>, Result<(), ErrorKind>) {
    let (mut received, mut lines) = (Vec::new(), Vec::new());
    loop {
        match read_line(stream, &mut received) {
            Ok(Some(line)) if lines.len() < 10 => lines.push(line),
            Ok(Some(_)) => {
                panic!(
                    "`read_line` returns line after line and never `None`. \
                     See \"End of file\"."
                )
            }
            Ok(None) => return (lines, Ok(())),
            Err(error) => return (lines, Err(error.kind())),
        }
    }
}

/// Checks the lines that were read before the stream ended.
fn check(pieces: &[&[u8]], wanted: &[&str], why: &str) {
    let (lines, _) = lines(pieces);
    assert!(lines == wanted, "got {lines:?}, wanted {wanted:?}. {why}");
}

/// A stream that must not be read.
struct Untouchable(&'static str);

impl Read for Untouchable {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        panic!("`read` was called: {}", self.0)
    }
}

/// A stream that fails with each of these errors once, last one first, and then delivers.
struct Failing(Vec<ErrorKind>, Pieces);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.pop() {
            Some(kind) => Err(kind.into()),
            None => self.1.read(buffer),
        }
    }
}

#[test]
fn a_line_is_returned_without_its_newline() {
    check(
        &[b"hello\n"],
        &["hello"],
        "The `\\n` ends the line and is not part of it. See \"Framing\".",
    );
}

#[test]
fn nothing_but_the_newline_is_removed() {
    check(
        &[b" hi \r\n"],
        &[" hi \r"],
        "Only the `\\n` is removed: spaces and `\\r` are the caller's. \
         See \"Framing\".",
    );
}

#[test]
fn an_empty_line_is_a_line() {
    check(
        &[b"\n\nhi\n"],
        &["", "", "hi"],
        "A `\\n` with nothing in front of it ends an empty line. See \"Framing\".",
    );
}

#[test]
fn a_line_in_pieces_is_one_line() {
    check(
        &[b"h", b"el", b"lo", b"\n"],
        &["hello"],
        "One line arrived in four pieces. A read returns the bytes that are there, not a \
         line: read until the `\\n` has arrived. See \"A stream has no messages\".",
    );
}

#[test]
fn the_bytes_after_a_line_are_kept_for_the_next_call() {
    check(
        &[b"one\ntwo\nth", b"ree\n"],
        &["one", "two", "three"],
        "Two and a half lines arrived in one piece. Remove the first line from \
         `received` and leave the rest there. See \"Framing\".",
    );
}

#[test]
fn a_line_that_has_arrived_is_returned_without_reading() {
    let mut received = b"one\ntwo\n".to_vec();
    let why = "`received` already contained a complete line. Search it before you read. \
               See \"Framing\".";
    for wanted in ["one", "two"] {
        let line =
            read_line(&mut Untouchable(why), &mut received).map_err(|error| error.kind());
        assert_eq!(
            line,
            Ok(Some(wanted.to_owned())),
            "`received` contained \"one\" and \"two\". See \"Framing\"."
        );
    }
}

#[test]
fn a_character_in_two_pieces_stays_whole() {
    let (head, tail) = "caf\u{e9}\n".as_bytes().split_at(4);
    check(
        &[head, tail],
        &["caf\u{e9}"],
        "The first piece ended in the middle of a character. Collect bytes, and convert \
         the complete line to text. See \"Bytes and text\".",
    );
}

#[test]
fn a_line_that_is_not_utf8_is_invalid_data() {
    let (lines, end) = lines(&[b"\xff\n"]);
    assert!(
        lines.is_empty() && end == Err(ErrorKind::InvalidData),
        "The byte 0xFF is not UTF-8. You returned the lines {lines:?} and ended with \
         {end:?}, wanted an error of kind `InvalidData`. See \"Bytes and text\"."
    );
}

#[test]
fn the_end_between_two_lines_is_none() {
    let (lines, end) = lines(&[b"bye\n"]);
    assert!(
        lines == ["bye"],
        "got {lines:?}, wanted one line, \"bye\". See \"End of file\"."
    );
    assert!(
        end.is_ok(),
        "The stream ended after a complete line: return `Ok(None)`, not {end:?}. \
         See \"End of file\"."
    );
}

#[test]
fn the_end_inside_a_line_is_an_error() {
    let (lines, end) = lines(&[b"cut sho"]);
    assert!(
        lines.is_empty(),
        "The line was cut short, and you returned {lines:?}. See \"End of file\"."
    );
    assert_eq!(
        end,
        Err(ErrorKind::UnexpectedEof),
        "The stream ended in the middle of a line: return `UnexpectedEof`. \
         See \"End of file\"."
    );
}

#[test]
fn a_line_of_the_greatest_length_is_accepted() {
    let longest = "a".repeat(MAX_LINE);
    for pieces in [
        &[longest.as_bytes(), b"\n"][..],
        &[format!("{longest}\n").as_bytes()],
    ] {
        let (lines, end) = lines(pieces);
        assert!(
            lines == [longest.as_str()] && end.is_ok(),
            "A line of exactly {MAX_LINE} bytes and a `\\n` is allowed. You returned \
             lines of {:?} bytes and ended with {end:?}. \
             See \"Limit what a peer can make you store\".",
            lengths(&lines)
        );
    }
}

#[test]
fn a_line_one_byte_longer_is_invalid_data() {
    let (lines, end) = lines(&["a".repeat(MAX_LINE + 1).as_bytes(), b"\n"]);
    check_refused(&lines, end, MAX_LINE + 1);
}

#[test]
fn a_long_line_is_refused_even_if_its_newline_has_arrived() {
    let mut received = vec![b'a'; MAX_LINE + 1];
    received.push(b'\n');
    let line = read_line(&mut Untouchable("see above"), &mut received);
    let (lines, end) = match line {
        Ok(line) => (line.into_iter().collect(), Ok(())),
        Err(error) => (Vec::new(), Err(error.kind())),
    };
    check_refused(&lines, end, MAX_LINE + 1);
}

#[test]
fn the_limit_counts_bytes() {
    let line = "\u{e9}".repeat(MAX_LINE / 2 + 1);
    let (lines, end) = lines(&[line.as_bytes(), b"\n"]);
    check_refused(&lines, end, line.len());
}

#[test]
fn an_overlong_line_is_refused_without_reading_more() {
    let mut received = vec![b'a'; MAX_LINE + 1];
    let why = "`received` held more than MAX_LINE bytes without a `\\n`, so the line was \
               too long already. Check before each read. \
               See \"Limit what a peer can make you store\".";
    let end =
        read_line(&mut Untouchable(why), &mut received).map_err(|error| error.kind());
    assert_eq!(
        end,
        Err(ErrorKind::InvalidData),
        "{} bytes without a `\\n` are too long. \
         See \"Limit what a peer can make you store\".",
        MAX_LINE + 1
    );
}

fn check_refused(lines: &[String], end: Result<(), ErrorKind>, length: usize) {
    assert!(
        lines.is_empty(),
        "A line of {length} bytes was accepted, and the limit is {MAX_LINE}. \
         See \"Limit what a peer can make you store\"."
    );
    assert_eq!(
        end,
        Err(ErrorKind::InvalidData),
        "A line of more than {MAX_LINE} bytes is `InvalidData`. \
         See \"Limit what a peer can make you store\"."
    );
}

fn lengths(lines: &[String]) -> Vec<usize> {
    lines.iter().map(String::len).collect()
}

#[test]
fn an_interrupted_read_is_repeated() {
    let kinds = vec![ErrorKind::Interrupted; 2];
    let (lines, end) = lines_of(&mut Failing(kinds, Pieces::new([b"hi\n"])));
    assert!(
        lines == ["hi"] && end.is_ok(),
        "Two reads were interrupted by a signal before \"hi\" arrived. You returned \
         {lines:?} and ended with {end:?}: read again. See \"EINTR and SIGPIPE\"."
    );
}

#[test]
fn any_other_error_is_returned() {
    let kinds = vec![ErrorKind::ConnectionReset];
    let (lines, end) = lines_of(&mut Failing(kinds, Pieces::new([b"hi\n"])));
    assert!(
        lines.is_empty() && end == Err(ErrorKind::ConnectionReset),
        "`read` failed with ConnectionReset. You returned {lines:?} and ended with \
         {end:?}, wanted that error. See \"EINTR and SIGPIPE\"."
    );
}

#[test]
fn a_line_is_returned_while_the_connection_stays_open() -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    let (mut server, _) = listener.accept()?;
    server.set_read_timeout(Some(Duration::from_secs(5)))?;
    client.write_all(b"are you there?\n")?;
    assert_eq!(
        read_line(&mut server, &mut Vec::new()).map_err(|error| error.kind()),
        Ok(Some("are you there?".to_owned())),
        "The client sent a complete line and waits for an answer. `WouldBlock` means \
         that you waited for more until the stream's timeout of 5 seconds: return the \
         line as soon as its `\\n` has arrived. See \"Framing\"."
    );
    drop(client);
    Ok(())
}
