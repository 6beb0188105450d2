//! How a connection ends: with FIN, by halves, and with RST.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use sockets::by_hand;

use crate::common::{SOON, deaf_port, until};

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let client = TcpStream::connect(listener.local_addr().expect("it has an address"))
        .expect("it listens");
    client.set_read_timeout(Some(SOON)).expect("not zero");
    let (server, _) = listener.accept().expect("one waits");
    server.set_read_timeout(Some(SOON)).expect("not zero");
    (client, server)
}

#[test]
fn after_a_close_the_peer_reads_all_bytes_and_then_0_every_time() {
    let (mut client, mut server) = pair();
    server.write_all(b"bye").expect("it is open");
    drop(server);
    let mut buffer = [0; 8];
    let reads: Vec<_> = (0..4)
        .map(|_| client.read(&mut buffer).expect("an orderly end"))
        .collect();
    assert_eq!(reads, [3, 0, 0, 0]);
}

#[test]
fn after_a_half_close_the_other_direction_still_works() {
    let (mut client, mut server) = pair();
    client.write_all(b"one two three").expect("it is open");
    client.shutdown(Shutdown::Write).expect("it is open");
    let mut question = String::new();
    server
        .read_to_string(&mut question)
        .expect("text, then the end");
    let words = question.split(' ').count();
    server
        .write_all(format!("{words} words").as_bytes())
        .expect("this half is open");
    drop(server);
    let mut answer = String::new();
    client
        .read_to_string(&mut answer)
        .expect("text, then the end");
    assert_eq!(answer, "3 words");
}

#[test]
fn by_hand_can_half_close() {
    let listener = by_hand::Listener::open(SocketAddr::from(([127, 0, 0, 1], 0)), 1)
        .expect("a free port");
    let mut client = by_hand::Stream::connect(listener.local_addr().expect("an address"))
        .expect("it listens");
    client.give_up_after(SOON).expect("not zero");
    let mut server = listener.accept().expect("one waits");
    server.give_up_after(SOON).expect("not zero");
    client.finish_writing().expect("it is open");
    assert_eq!(server.read(&mut [0]).expect("an orderly end"), 0);
    server.write_all(b"!").expect("this half is open");
    assert_eq!(client.read(&mut [0]).expect("this half is open"), 1);
}

#[test]
fn a_write_after_your_own_half_close_is_a_broken_pipe() {
    let (mut client, _server) = pair();
    client.shutdown(Shutdown::Write).expect("it is open");
    assert_eq!(
        client
            .write(b"one more thing")
            .expect_err("it is closed")
            .kind(),
        ErrorKind::BrokenPipe
    );
}

#[test]
fn a_close_with_unread_bytes_is_a_reset() {
    let (mut client, server) = pair();
    client.write_all(b"please read this").expect("it is open");
    until("the bytes have come", || {
        server.peek(&mut [0]).is_ok_and(|count| count == 1)
    });
    drop(server);
    assert_eq!(
        client.read(&mut [0]).expect_err("a reset came").kind(),
        ErrorKind::ConnectionReset
    );
}

#[test]
fn a_close_with_a_linger_time_of_0_is_a_reset() {
    let (mut client, server) = pair();
    set_socket_linger(&server, Some(Duration::ZERO)).expect("it is open");
    drop(server);
    assert_eq!(
        client.read(&mut [0]).expect_err("a reset came").kind(),
        ErrorKind::ConnectionReset
    );
}

#[test]
fn the_first_write_after_the_peer_closed_succeeds_and_a_later_one_fails() {
    let (mut client, server) = pair();
    drop(server);
    assert_eq!(client.read(&mut [0]).expect("an orderly end"), 0);
    assert_eq!(client.write(b"hello?").expect("the kernel takes it"), 6);
    let mut error = None;
    until("a write fails", || {
        error = client.write(b"hello?").err();
        error.is_some()
    });
    let kind = error.expect("it is one").kind();
    assert!(
        matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset),
        "{kind:?}"
    );
}

#[test]
fn a_connection_to_a_port_without_a_listener_is_refused() {
    let (_held, port) = deaf_port();
    let error = TcpStream::connect(("127.0.0.1", port)).expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}
