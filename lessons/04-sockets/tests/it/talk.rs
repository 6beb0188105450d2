//! The faults of the talk's two programs, one per test, and that they are fixed.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::thread;

use rustix::net::getsockname;
use sockets::{by_hand, fixed, talk};

use crate::common::{SOON, within};

const ANY_PORT: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);

/// Returns what the talk's server prints for these clients, by hand and with `std`.
fn printed(clients: &[&'static [u8]]) -> [String; 2] {
    let by_hand = talk::open(ANY_PORT).expect("a free port");
    let address = getsockname(&by_hand)
        .expect("it has an address")
        .try_into()
        .expect("it is an IP address");
    let with_std = TcpListener::bind(ANY_PORT).expect("a free port");
    let std_address = with_std.local_addr().expect("it has an address");
    let count = clients.len();
    [
        printed_by(address, clients, move |printed| {
            talk::serve(&by_hand, count, printed)
        }),
        printed_by(std_address, clients, move |printed| {
            talk::serve_std(&with_std, count, printed)
        }),
    ]
}

fn printed_by(
    address: SocketAddr,
    clients: &[&'static [u8]],
    serve: impl FnOnce(&mut Vec<u8>) -> io::Result<()> + Send + 'static,
) -> String {
    // All at once: they wait in the accept queue until the server gets to them.
    let waiting: Vec<_> = clients
        .iter()
        .map(|message| {
            let mut client = TcpStream::connect(address).expect("the server listens");
            client
                .write_all(message)
                .expect("it fits the kernel's buffer");
            client.shutdown(Shutdown::Write).expect("it is open");
            client
        })
        .collect();
    let bytes = within("the talk's server", move || {
        let mut printed = Vec::new();
        serve(&mut printed).expect("the server has no error");
        printed
    });
    drop(waiting);
    String::from_utf8(bytes).expect("it was text")
}

#[test]
fn the_talks_example_works() {
    assert_eq!(printed(&[b"hello"]), ["hello\n"; 2]);
}

#[test]
fn the_talks_server_prints_nothing_for_a_client_that_sends_nothing() {
    assert_eq!(printed(&[b"", b"hello"]), ["hello\n"; 2]);
}

#[test]
fn the_talks_server_cuts_a_message_at_64_bytes() {
    let message: &[u8; 65] = &[b'a'; 65];
    assert_eq!(
        printed(&[message]),
        [
            format!("{}\n", "a".repeat(64)),
            format!("{}\n", "a".repeat(64))
        ]
    );
}

#[test]
fn the_talks_server_takes_two_messages_for_one() {
    assert_eq!(printed(&[b"hello\nworld\n"]), ["hello\nworld\n\n"; 2]);
}

#[test]
fn the_talks_server_prints_half_of_a_message_in_two_pieces() {
    let server = talk::open(ANY_PORT).expect("a free port");
    let address: SocketAddr = getsockname(&server)
        .expect("an address")
        .try_into()
        .expect("an IP address");
    let mut client = TcpStream::connect(address).expect("the server listens");
    client
        .write_all(b"hel")
        .expect("it fits the kernel's buffer");
    let printed = within("the talk's server", move || {
        let mut printed = Vec::new();
        talk::serve(&server, 1, &mut printed).expect("the server has no error");
        printed
    });
    // The rest arrives now, and nothing reads it.
    let _ = client.write_all(b"lo");
    assert_eq!(printed, b"hel\n");
}

#[test]
fn the_talks_server_closes_a_connection_only_when_the_next_client_comes() {
    let server = talk::open(ANY_PORT).expect("a free port");
    let address: SocketAddr = getsockname(&server)
        .expect("an address")
        .try_into()
        .expect("an IP address");
    let serving = thread::spawn(move || talk::serve(&server, 2, &mut io::sink()));
    let mut first = TcpStream::connect(address).expect("the server listens");
    first
        .write_all(b"hello")
        .expect("it fits the kernel's buffer");
    first
        .set_read_timeout(Some(std::time::Duration::from_millis(200)))
        .expect("not zero");
    let still_open = first
        .read(&mut [0])
        .expect_err("nothing comes, and no end")
        .kind();
    assert!(
        matches!(
            still_open,
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
        ),
        "{still_open:?}"
    );

    let mut second = TcpStream::connect(address).expect("the server listens");
    second
        .write_all(b"hello")
        .expect("it fits the kernel's buffer");
    first.set_read_timeout(Some(SOON)).expect("not zero");
    assert_eq!(first.read(&mut [0]).expect("an orderly end"), 0);
    serving
        .join()
        .expect("the server does not panic")
        .expect("the server has no error");
}

#[test]
fn a_send_is_short_if_the_peer_does_not_read() {
    let listener = by_hand::Listener::open(ANY_PORT.into(), 1).expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let mut client = by_hand::Stream::connect(address).expect("it listens");
    client
        .give_up_after(std::time::Duration::from_millis(100))
        .expect("not zero");
    let much = vec![0; 64 << 20];
    let count = client.write(&much).expect("some of it is taken");
    assert!(
        0 < count && count < much.len(),
        "{count} of {} bytes were taken",
        much.len()
    );
}

/// Talks to the fixed server over `by_hand` and `std`. Returns what came back and what
/// the server printed.
fn conversation(pieces: &'static [&'static [u8]]) -> (String, String) {
    let listener = by_hand::Listener::open(ANY_PORT.into(), 1).expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let serving = thread::spawn(move || {
        let mut printed = Vec::new();
        fixed::converse(listener.accept()?, &mut printed).map(|_| printed)
    });
    let back = within("the fixed server answers and closes", move || {
        let mut client = TcpStream::connect(address).expect("it listens");
        client.set_nodelay(true).expect("it is open");
        for piece in pieces {
            client.write_all(piece).expect("it reads");
            thread::yield_now();
        }
        client.shutdown(Shutdown::Write).expect("it is open");
        let mut back = String::new();
        client
            .read_to_string(&mut back)
            .expect("it answers and closes");
        back
    });
    let printed = serving.join().expect("no panic").expect("no error");
    (back, String::from_utf8(printed).expect("it was text"))
}

#[test]
fn the_fixed_server_returns_every_line_complete_and_closes() {
    let same = |text: &str| (text.to_owned(), text.to_owned());
    assert_eq!(conversation(&[b"hello\n"]), same("hello\n"));
    assert_eq!(
        conversation(&[b"hel", b"lo\nwor", b"ld\n"]),
        same("hello\nworld\n")
    );
    assert_eq!(
        conversation(&[&[b'a'; 1000], b"\n"]),
        same(&format!("{}\n", "a".repeat(1000)))
    );
    assert_eq!(conversation(&[]), same(""));
}

#[test]
fn the_fixed_server_refuses_a_line_that_does_not_end() {
    let longest = [&[b'a'; fixed::LONGEST_LINE - 1][..], b"\n"].concat();
    let (mut ours, theirs) = std::os::unix::net::UnixStream::pair().expect("two sockets");
    ours.write_all(&longest).expect("it fits");
    ours.write_all(&[b'a'; fixed::LONGEST_LINE])
        .expect("it fits");
    let mut printed = Vec::new();
    let error =
        fixed::converse(theirs, &mut printed).expect_err("the second line does not end");
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert_eq!(
        printed, longest,
        "the first line is of just the length that is allowed"
    );
}

/// Returns the result of `ask` if the peer answers these bytes and closes.
fn asked(message: &str, answer: &[u8]) -> Result<String, io::ErrorKind> {
    let (mut theirs, ours) = std::os::unix::net::UnixStream::pair().expect("two sockets");
    theirs.write_all(answer).expect("it fits");
    theirs.shutdown(Shutdown::Write).expect("it is open");
    fixed::ask(ours, message).map_err(|error| error.kind())
}

#[test]
fn the_fixed_client_accepts_exactly_one_complete_line() {
    let longest = "a".repeat(fixed::LONGEST_LINE - 1);
    assert_eq!(asked("hello", b"hello\n"), Ok("hello".to_owned()));
    assert_eq!(
        asked("hello", format!("{longest}\n").as_bytes()),
        Ok(longest.clone())
    );
    assert_eq!(
        asked("hello", format!("{longest}a\n").as_bytes()),
        Err(io::ErrorKind::InvalidData)
    );
    assert_eq!(
        asked("hello", longest.as_bytes()),
        Err(io::ErrorKind::UnexpectedEof)
    );
    assert_eq!(asked("hello", b""), Err(io::ErrorKind::UnexpectedEof));
    assert_eq!(asked("hello", b"\xff\n"), Err(io::ErrorKind::InvalidData));
    assert_eq!(asked(&longest, b"so much\n"), Ok("so much".to_owned()));
    assert_eq!(
        asked(&format!("{longest}a"), b"?\n"),
        Err(io::ErrorKind::InvalidInput)
    );
    assert_eq!(
        asked("two\nlines", b"?\n"),
        Err(io::ErrorKind::InvalidInput)
    );
}
