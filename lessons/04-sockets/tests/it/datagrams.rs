//! UDP compared with TCP: messages that stay apart, and no promise that they arrive.

use std::io::{ErrorKind, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use crate::common::{SOON, deaf_port};

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
fn the_part_of_a_datagram_that_does_not_fit_is_lost() {
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
fn an_empty_datagram_is_a_message_and_not_the_end() {
    let (one, two) = pair();
    one.send(b"").expect("it goes");
    one.send(b"more").expect("it goes");
    let mut buffer = [0; 8];
    assert_eq!(two.recv(&mut buffer).expect("it came"), 0);
    assert_eq!(two.recv(&mut buffer).expect("it came"), 4);
}

#[test]
fn a_send_to_a_port_without_a_socket_succeeds() {
    let (_held, port) = deaf_port();
    // This holds the TCP port of that number. The UDP port is another one, and almost
    // certainly free.
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
    let silence = socket
        .recv(&mut [0; 8])
        .expect_err("nothing answers")
        .kind();
    assert!(
        matches!(silence, ErrorKind::WouldBlock | ErrorKind::TimedOut),
        "{silence:?}"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn on_a_connected_socket_the_next_call_reports_a_port_without_a_socket() {
    let (_held, port) = deaf_port();
    let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a free port");
    socket
        .connect(("127.0.0.1", port))
        .expect("it only stores the address");
    assert_eq!(socket.send(b"anybody there?").expect("it is sent"), 14);
    socket.set_read_timeout(Some(SOON)).expect("not zero");
    assert_eq!(
        socket
            .recv(&mut [0; 8])
            .expect_err("the machine reported it")
            .kind(),
        ErrorKind::ConnectionRefused
    );
}
