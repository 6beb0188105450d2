//! What `read_line` has to do, each rule in one case. Sections are those of chapter 4.

use std::io::{self, ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use sockets::Pieces;

use crate::subject::{MAX_LINE, read_line};

/// All lines of a stream that comes in these pieces, then how it ended.
fn lines(pieces: &[&[u8]]) -> (Vec<String>, io::Result<()>) {
    let (mut stream, mut received, mut lines) =
        (Pieces::new(pieces), Vec::new(), Vec::new());
    loop {
        match read_line(&mut stream, &mut received) {
            Ok(Some(line)) if lines.len() < 10 => lines.push(line),
            Ok(Some(_)) => {
                panic!(
                    "`read_line` gives line after line and does not end. See \"The end of a stream\"."
                )
            }
            Ok(None) => return (lines, Ok(())),
            Err(error) => return (lines, Err(error)),
        }
    }
}

#[test]
fn a_line_comes_without_its_newline() {
    assert_eq!(
        lines(&[b"hello\n"]).0,
        ["hello"],
        "The line is what stands before the `\\n`, and the `\\n` is taken off. See \"Where a message ends\"."
    );
}

#[test]
fn a_line_in_pieces_is_one_line() {
    assert_eq!(
        lines(&[b"h", b"el", b"lo", b"\n"]).0,
        ["hello"],
        "One line came in four pieces. A read gives what is there, not a line: read until the `\\n` has come. \
         See \"A stream has no messages\"."
    );
}

#[test]
fn what_follows_is_kept_for_the_next_call() {
    assert_eq!(
        lines(&[b"one\ntwo\nth", b"ree\n"]).0,
        ["one", "two", "three"],
        "Two lines and a half came in one piece. Take the first out of `received` and leave the rest there. \
         See \"A stream has no messages\"."
    );
}

#[test]
fn a_character_in_two_pieces_stays_whole() {
    let (head, tail) = "caf\u{e9}\n".as_bytes().split_at(4);
    assert_eq!(
        lines(&[head, tail]).0,
        ["caf\u{e9}"],
        "The piece ended in the middle of a character. Collect bytes, and make text of the whole line. \
         See \"Bytes and text\"."
    );
}

#[test]
fn bytes_that_are_not_text_are_refused() {
    let error = lines(&[b"\xff\n"])
        .1
        .expect_err("0xFF is not UTF-8: an error is due. See \"Bytes and text\".");
    assert_eq!(
        error.kind(),
        ErrorKind::InvalidData,
        "A line that is not UTF-8 is `InvalidData`. See \"Bytes and text\"."
    );
}

#[test]
fn the_end_between_two_lines_is_none() {
    let (lines, end) = lines(&[b"bye\n"]);
    assert_eq!(
        lines,
        ["bye"],
        "One line came, then the end. See \"The end of a stream\"."
    );
    assert!(
        end.is_ok(),
        "The stream ended after a whole line, which is no error: `Ok(None)` is due, not {end:?}. \
         See \"The end of a stream\"."
    );
}

#[test]
fn the_end_in_a_line_is_an_error() {
    let (lines, end) = lines(&[b"cut sho"]);
    assert!(
        lines.is_empty(),
        "The line was cut short, so it is no line: {lines:?}. See \"The end of a stream\"."
    );
    assert_eq!(
        end.map_err(|error| error.kind()),
        Err(ErrorKind::UnexpectedEof),
        "The stream ended in the middle of a line: `UnexpectedEof` is due. See \"The end of a stream\"."
    );
}

#[test]
fn the_longest_line_passes() {
    let longest = "a".repeat(MAX_LINE);
    let (lines, end) = lines(&[longest.as_bytes(), b"\n"]);
    assert_eq!(
        (lines, end.is_ok()),
        (vec![longest], true),
        "A line of exactly {MAX_LINE} bytes is allowed, and its `\\n` does not count. See \"A limit for strangers\"."
    );
}

#[test]
fn one_byte_more_is_refused() {
    let (lines, end) = lines(&["a".repeat(MAX_LINE + 1).as_bytes(), b"\n"]);
    assert!(
        lines.is_empty(),
        "{} bytes passed as a line. See \"A limit for strangers\".",
        MAX_LINE + 1
    );
    assert_eq!(
        end.map_err(|error| error.kind()),
        Err(ErrorKind::InvalidData),
        "A line of more than {MAX_LINE} bytes is `InvalidData`: else a peer fills the memory. \
         See \"A limit for strangers\"."
    );
}

#[test]
fn a_line_is_given_while_the_connection_stays_open() -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    let (mut server, _) = listener.accept()?;
    server.set_read_timeout(Some(Duration::from_secs(2)))?;
    client.write_all(b"are you there?\n")?;
    assert_eq!(
        read_line(&mut server, &mut Vec::new()).map_err(|error| error.kind()),
        Ok(Some("are you there?".to_owned())),
        "A whole line came and the client waits for an answer, yet `read_line` waited for more until the deadline of \
         2 seconds. Look for the `\\n` before you read again. See \"A stream has no messages\"."
    );
    Ok(())
}
