//! UDP beside TCP: messages that keep their ends, and no promise that they come.

mod common;

use std::io::{ErrorKind, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use common::{SOON, deaf_port};

fn pair() -> (UdpSocket, UdpSocket) {
    let one = UdpSocket::bind(("127.0.0.1", 0)).expect("a free port");
    let two = UdpSocket::bind(("127.0.0.1", 0)).expect("a free port");
    one.connect(two.local_addr().expect("an address"))
        .expect("it only notes the address");
    two.connect(one.local_addr().expect("an address"))
        .expect("it only notes the address");
    two.set_read_timeout(Some(SOON)).expect("not zero");
    (one, two)
}

#[test]
fn a_datagram_is_a_message_and_a_stream_has_none() {
    let (one, two) = pair();
    for message in ["hel", "lo"] {
        one.send(message.as_bytes()).expect("it goes");
    }
    let mut buffer = [0; 64];
    let sizes = [
        two.recv(&mut buffer).expect("it came"),
        two.recv(&mut buffer).expect("it came"),
    ];
    assert_eq!(sizes, [3, 2]);

    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let mut client = TcpStream::connect(listener.local_addr().expect("an address"))
        .expect("it listens");
    for message in ["hel", "lo"] {
        client.write_all(message.as_bytes()).expect("it is open");
    }
    drop(client);
    let (mut server, _) = listener.accept().expect("one waits");
    let mut all = Vec::new();
    std::io::Read::read_to_end(&mut server, &mut all).expect("text, then the end");
    assert_eq!(
        all, b"hello",
        "the bytes are all there, and the end of the first message is not"
    );
}

#[test]
fn what_does_not_fit_the_buffer_is_lost() {
    let (one, two) = pair();
    one.send(b"hello, world").expect("it goes");
    one.send(b"next").expect("it goes");
    let mut buffer = [0; 5];
    assert_eq!(two.recv(&mut buffer).expect("it came"), 5);
    assert_eq!(&buffer, b"hello");
    assert_eq!(
        two.recv(&mut buffer).expect("it came"),
        4,
        "the rest of the first is gone"
    );
}

#[test]
fn a_datagram_of_no_bytes_is_a_message_and_not_the_end() {
    let (one, two) = pair();
    one.send(b"").expect("it goes");
    one.send(b"more").expect("it goes");
    let mut buffer = [0; 8];
    assert_eq!(two.recv(&mut buffer).expect("it came"), 0);
    assert_eq!(two.recv(&mut buffer).expect("it came"), 4);
}

#[test]
fn to_send_to_nobody_succeeds() {
    let (_held, port) = deaf_port();
    // TCP's port of that number is held; UDP's is another, and as good as surely
    // nobody's.
    let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a free port");
    assert_eq!(
        socket
            .send_to(b"anybody there?", ("127.0.0.1", port))
            .expect("it goes"),
        14
    );
    socket
        .set_read_timeout(Some(Duration::from_millis(20)))
        .expect("not zero");
    let silence = socket.recv(&mut [0; 8]).expect_err("nobody answers").kind();
    assert!(
        matches!(silence, ErrorKind::WouldBlock | ErrorKind::TimedOut),
        "{silence:?}"
    );
}
