//! A peer that falls silent, and the options with which TCP notices.
#![cfg(target_os = "linux")]

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use rustix::net::sockopt;
use sockets::silence::{give_up_unacknowledged, keep_alive, tunnel};

use crate::common::SOON;

const SECOND: Duration = Duration::from_secs(1);

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let client = TcpStream::connect(listener.local_addr().expect("it has an address"))
        .expect("it listens");
    client.set_read_timeout(Some(SOON)).expect("not zero");
    (client, listener.accept().expect("one waits").0)
}

#[test]
fn keepalive_is_off_until_it_is_turned_on() {
    let (client, _server) = pair();
    assert!(!sockopt::socket_keepalive(&client).expect("it is open"));
    keep_alive(&client, SECOND * 5, SECOND * 2, 3).expect("it is open");
    assert!(sockopt::socket_keepalive(&client).expect("it is open"));
    assert_eq!(
        (
            sockopt::tcp_keepidle(&client).expect("it is open"),
            sockopt::tcp_keepintvl(&client).expect("it is open"),
            sockopt::tcp_keepcnt(&client).expect("it is open"),
        ),
        (SECOND * 5, SECOND * 2, 3)
    );
}

#[test]
fn a_socket_starts_with_the_numbers_of_the_system() {
    let (client, _server) = pair();
    let of_the_system = |name: &str| -> u64 {
        let path = format!("/proc/sys/net/ipv4/tcp_keepalive_{name}");
        let text = std::fs::read_to_string(path).expect("Linux has it");
        text.trim().parse().expect("it is a number")
    };
    assert_eq!(
        sockopt::tcp_keepidle(&client)
            .expect("it is open")
            .as_secs(),
        of_the_system("time")
    );
    assert_eq!(
        sockopt::tcp_keepintvl(&client)
            .expect("it is open")
            .as_secs(),
        of_the_system("intvl")
    );
    assert_eq!(
        u64::from(sockopt::tcp_keepcnt(&client).expect("it is open")),
        of_the_system("probes")
    );
}

#[test]
fn in_a_tunnel_a_write_succeeds_and_a_read_waits() {
    let (mut client, server) = pair();
    tunnel(&server).expect("we may");
    assert_eq!(client.write(b"hello?").expect("the kernel accepts it"), 6);
    client
        .set_read_timeout(Some(Duration::from_millis(100)))
        .expect("not zero");
    assert_eq!(
        client.read(&mut [0]).expect_err("nothing arrives").kind(),
        ErrorKind::WouldBlock
    );
}

#[test]
fn unanswered_probes_end_an_idle_connection() {
    let (mut client, server) = pair();
    keep_alive(&client, SECOND, SECOND, 1).expect("it is open");
    tunnel(&server).expect("we may");
    assert_eq!(
        client
            .read(&mut [0])
            .expect_err("no probe is answered")
            .kind(),
        ErrorKind::TimedOut
    );
}

#[test]
fn answered_probes_keep_an_idle_connection() {
    let (mut client, server) = pair();
    keep_alive(&client, SECOND, SECOND, 1).expect("it is open");
    client.set_read_timeout(Some(SECOND * 3)).expect("not zero");
    assert_eq!(
        client
            .read(&mut [0])
            .expect_err("our own timeout comes first")
            .kind(),
        ErrorKind::WouldBlock
    );
    drop(server);
}

#[test]
fn unacknowledged_bytes_end_a_connection_after_the_user_timeout() {
    let (mut client, server) = pair();
    give_up_unacknowledged(&client, SECOND / 2).expect("it is open");
    tunnel(&server).expect("we may");
    client.write_all(b"hello?").expect("the kernel accepts it");
    assert_eq!(
        client.read(&mut [0]).expect_err("no ACK arrives").kind(),
        ErrorKind::TimedOut
    );
}

#[test]
fn a_time_that_the_option_cannot_hold_is_refused() {
    let (client, _server) = pair();
    assert_eq!(
        give_up_unacknowledged(&client, Duration::MAX)
            .expect_err("too long")
            .kind(),
        ErrorKind::InvalidInput
    );
    assert!(keep_alive(&client, Duration::ZERO, SECOND, 1).is_err());
}
