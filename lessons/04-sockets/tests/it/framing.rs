//! Frames with a length before them, requests and replies over them, and the counter.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use proptest::prelude::*;
use sockets::frame::{LENGTH_BYTES, read_frame, write_frame};
use sockets::request::{reply, request};
use sockets::{Pieces, Sips, counter};

use crate::common::{SOON, within};

#[test]
fn a_frame_is_its_length_and_its_body_in_one_write() {
    let mut stream = Sips::default();
    write_frame(&mut stream, b"hello").expect("it takes all");
    assert_eq!(stream.taken(), b"\0\0\0\x05hello");
    assert_eq!(stream.calls(), 1);
}

#[test]
fn the_end_between_two_frames_is_none_and_inside_a_frame_an_error() {
    let frame = b"\0\0\0\x05hello";
    for end in 0..frame.len() {
        let (mut stream, what) =
            (Pieces::new([&frame[..end]]), format!("{end} bytes came"));
        let read = read_frame(&mut stream, 5).map_err(|error| error.kind());
        assert_eq!(
            read,
            if end == 0 {
                Ok(None)
            } else {
                Err(ErrorKind::UnexpectedEof)
            },
            "{what}"
        );
    }
}

/// Fails with each of these errors once, then delivers the stream's bytes.
struct Failing(Vec<ErrorKind>, Pieces);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.pop() {
            Some(kind) => Err(kind.into()),
            None => self.1.read(buffer),
        }
    }
}

#[test]
fn an_interrupted_read_of_a_frame_is_repeated_and_other_errors_are_returned() {
    let frame = || Pieces::new([b"\0\0\0\x05hello"]);
    let mut interrupted = Failing(vec![ErrorKind::Interrupted; 2], frame());
    assert_eq!(
        read_frame(&mut interrupted, 5).expect("it goes on"),
        Some(b"hello".to_vec())
    );
    let mut reset = Failing(vec![ErrorKind::ConnectionReset], frame());
    assert_eq!(
        read_frame(&mut reset, 5).expect_err("it is over").kind(),
        ErrorKind::ConnectionReset
    );
}

#[test]
fn a_frame_over_the_limit_is_refused_before_its_body_is_read() {
    let bytes = [&u32::MAX.to_be_bytes()[..], b"a"].concat();
    let mut stream = Pieces::new([bytes]);
    let error = read_frame(&mut stream, 1 << 20).expect_err("4 GiB are announced");
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("it does not fail");
    assert_eq!(rest, b"a", "of the body nothing was read");

    let frame =
        |length: u8| Pieces::new([vec![0, 0, 0, length], vec![b'a'; length.into()]]);
    assert_eq!(
        read_frame(&mut frame(5), 5).expect("the limit itself"),
        Some(b"aaaaa".to_vec())
    );
    assert!(read_frame(&mut frame(6), 5).is_err(), "one more");
}

#[test]
fn every_request_gets_its_reply_until_the_client_ends() {
    let (mut asker, mut answerer) = UnixStream::pair().expect("two sockets");
    asker.set_read_timeout(Some(SOON)).expect("not zero");
    let answering =
        thread::spawn(move || reply(&mut answerer, 64, <[u8]>::to_ascii_uppercase));
    for question in ["hello", "", "a\nb"] {
        let answer =
            request(&mut asker, question.as_bytes(), 64).expect("it is answered");
        assert_eq!(answer, question.to_ascii_uppercase().as_bytes());
    }
    asker.shutdown(Shutdown::Write).expect("it is open");
    assert_eq!(answering.join().expect("no panic").expect("no error"), 3);
    assert_eq!(
        request(&mut Both(Pieces::new([""]), Sips::default()), b"?", 64)
            .map_err(|error| error.kind()),
        Err(ErrorKind::UnexpectedEof),
        "the end instead of a reply"
    );
}

/// One stream to read from and one to write to.
struct Both(Pieces, Sips);

impl Read for Both {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Both {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.1.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_request_over_the_limit_ends_the_conversation() {
    let mut stream = Both(
        Pieces::new([b"\0\0\0\x02ok\0\0\0\x03no!\0\0\0\x02ok"]),
        Sips::default(),
    );
    let error =
        reply(&mut stream, 2, <[u8]>::to_vec).expect_err("the second is over the limit");
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert_eq!(stream.1.taken(), b"\0\0\0\x02ok");
}

#[test]
fn the_counter_greets_counts_and_ends() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let serving = thread::spawn(move || {
        counter::serve(&listener, 2, 1..=3, Duration::from_millis(1))
    });
    let watch = |stream: TcpStream| -> Vec<String> {
        BufReader::new(stream)
            .split(b'\n')
            .map(|line| String::from_utf8(line.expect("a line")).expect("text"))
            .collect()
    };
    // One leaves at once, which must not affect the other.
    drop(TcpStream::connect(address).expect("it listens"));
    let stream = TcpStream::connect(address).expect("it listens");
    let lines = within("it counts to three", move || watch(stream));
    assert_eq!(lines, ["Hello. I count.\r", "1\r", "2\r", "3\r"]);
    serving.join().expect("no panic").expect("no error");
}

#[test]
fn the_counters_first_line_arrives_long_before_the_last() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let mut stream = TcpStream::connect(listener.local_addr().expect("an address"))
        .expect("it listens");
    stream.set_read_timeout(Some(SOON)).expect("not zero");
    // A pause that no test waits for: only what is sent before it can come.
    let (peer, _) = listener.accept().expect("one waits");
    thread::spawn(move || counter::count(&peer, 1..=1, SOON * 60));
    let mut greeting = [0; 17];
    stream.read_exact(&mut greeting).expect("it comes at once");
    assert_eq!(&greeting, b"Hello. I count.\r\n");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn frames_survive_any_cut(
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6),
        cuts in prop::collection::vec(1_usize..9, 1..200),
    ) {
        let mut bytes = Vec::new();
        for body in &bodies {
            write_frame(&mut bytes, body)?;
        }
        prop_assert_eq!(bytes.len(), bodies.iter().map(|body| body.len() + LENGTH_BYTES).sum::<usize>());
        let (mut pieces, mut rest) = (Vec::new(), &bytes[..]);
        for cut in cuts.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, next) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = next;
        }
        let mut stream = Pieces::new(pieces);
        let mut read = Vec::new();
        while let Some(body) = read_frame(&mut stream, 40)? {
            read.push(body);
        }
        prop_assert_eq!(read, bodies);
    }
}
