//! Options that the slides leave out: `SO_REUSEADDR`, the backlog, timeouts, Nagle.

use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::getsockname;
use sockets::request::reply;
use sockets::round_trip::{Asking, round_trips};
use sockets::{by_hand, talk};

use crate::common::{SOON, within};

const ANY_PORT: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);

/// Connects a client and lets the server close first, as a stopped server does.
fn connect_and_let_the_server_close(address: SocketAddr, accept: impl FnOnce()) {
    let mut client = TcpStream::connect(address).expect("it listens");
    client.set_read_timeout(Some(SOON)).expect("not zero");
    accept();
    assert_eq!(client.read(&mut [0]).expect("an orderly end"), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn the_talks_server_cannot_be_started_again_at_once() {
    let server = talk::open(ANY_PORT).expect("a free port");
    let address: SocketAddr = getsockname(&server)
        .expect("an address")
        .try_into()
        .expect("an IP address");
    connect_and_let_the_server_close(address, || {
        drop(rustix::net::accept(&server).expect("one waits"));
    });
    drop(server);
    let SocketAddr::V4(address) = address else {
        unreachable!("it was opened so")
    };
    assert_eq!(
        talk::open(address)
            .expect_err("the old connection is in TIME_WAIT")
            .kind(),
        ErrorKind::AddrInUse
    );
}

#[test]
fn with_reuseaddr_a_server_can_be_started_again_at_once() {
    let server = by_hand::Listener::open(ANY_PORT.into(), 5).expect("a free port");
    let address = server.local_addr().expect("it has an address");
    connect_and_let_the_server_close(address, || {
        drop(server.accept().expect("one waits"));
    });
    drop(server);
    by_hand::Listener::open(address, 5).expect("the old connection does not matter");
}

#[test]
fn std_sets_reuseaddr() {
    let server = TcpListener::bind(ANY_PORT).expect("a free port");
    assert!(rustix::net::sockopt::socket_reuseaddr(&server).expect("it is open"));
    let address = server.local_addr().expect("it has an address");
    connect_and_let_the_server_close(address, || {
        drop(server.accept().expect("one waits"));
    });
    drop(server);
    TcpListener::bind(address).expect("the old connection does not matter");
}

#[test]
fn reuseaddr_does_not_let_two_servers_share_a_port() {
    let server = by_hand::Listener::open(ANY_PORT.into(), 5).expect("a free port");
    let address = server.local_addr().expect("it has an address");
    assert_eq!(
        by_hand::Listener::open(address, 5)
            .expect_err("it is taken")
            .kind(),
        ErrorKind::AddrInUse
    );
}

#[test]
#[cfg(target_os = "linux")]
fn the_accept_queue_holds_one_more_than_the_backlog() {
    let server = by_hand::Listener::open(ANY_PORT.into(), 1).expect("a free port");
    let address = server.local_addr().expect("it has an address");
    let first = TcpStream::connect_timeout(&address, SOON).expect("the backlog is 1");
    let second = TcpStream::connect_timeout(&address, SOON).expect("and one more");
    let third = TcpStream::connect_timeout(&address, Duration::from_millis(200));
    assert_eq!(
        third.expect_err("the queue is full").kind(),
        ErrorKind::TimedOut
    );
    // Room for one: the waiting client's kernel sends its SYN again after a second.
    let waiting = thread::spawn(move || TcpStream::connect_timeout(&address, SOON));
    let accepted = server.accept().expect("one waits");
    waiting
        .join()
        .expect("no panic")
        .expect("there is room now");
    drop((first, second, accepted));
}

#[test]
fn after_a_read_timeout_the_connection_still_works() {
    let server = TcpListener::bind(ANY_PORT).expect("a free port");
    let mut client =
        TcpStream::connect(server.local_addr().expect("an address")).expect("it listens");
    let (mut peer, _) = server.accept().expect("one waits");
    client
        .set_read_timeout(Some(Duration::from_millis(20)))
        .expect("not zero");
    let begin = Instant::now();
    let error = client.read(&mut [0]).expect_err("nothing comes");
    assert!(
        matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        "{error:?}"
    );
    assert!(
        begin.elapsed() >= Duration::from_millis(10),
        "after {:?}",
        begin.elapsed()
    );
    std::io::Write::write_all(&mut peer, b"!").expect("it is open");
    client.set_read_timeout(Some(SOON)).expect("not zero");
    assert_eq!(client.read(&mut [0]).expect("it came"), 1);
}

#[test]
fn a_timeout_of_zero_is_refused_because_to_the_kernel_it_means_forever() {
    let server = by_hand::Listener::open(ANY_PORT.into(), 1).expect("a free port");
    let client = by_hand::Stream::connect(server.local_addr().expect("an address"))
        .expect("it listens");
    assert_eq!(
        client
            .give_up_after(Duration::ZERO)
            .expect_err("zero")
            .kind(),
        ErrorKind::InvalidInput
    );
    client
        .give_up_after(Duration::from_millis(1))
        .expect("not zero");
}

/// Returns the time for 20 requests that are written in two pieces.
fn twenty_questions(no_delay: bool) -> Duration {
    within("20 questions are answered", move || {
        let server = TcpListener::bind(ANY_PORT).expect("a free port");
        let mut client = TcpStream::connect(server.local_addr().expect("an address"))
            .expect("it listens");
        client.set_nodelay(no_delay).expect("it is open");
        let answering = thread::spawn(move || {
            let (mut stream, _) = server.accept()?;
            reply(&mut stream, 64, <[u8]>::to_vec)
        });
        let time = round_trips(&mut client, Asking::InTwoWrites, b"hello", 20)
            .expect("it is answered");
        drop(client);
        assert_eq!(answering.join().expect("no panic").expect("no error"), 20);
        time
    })
}

#[test]
#[cfg(target_os = "linux")]
fn two_writes_and_a_wait_are_many_times_slower_without_nodelay() {
    let slow = twenty_questions(false);
    let quick = (0..3)
        .map(|_| twenty_questions(true))
        .min()
        .expect("three of them");
    assert!(
        quick * 2 < slow,
        "with TCP_NODELAY {quick:?}, without {slow:?}"
    );
}
