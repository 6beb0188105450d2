//! What the slides leave out between `socket` and `recv`: addresses in use, the queue,
//! waits that end, Nagle.

mod common;

use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use common::{SOON, within};
use rustix::net::getsockname;
use sockets::request::reply;
use sockets::round_trip::{Asking, round_trips};
use sockets::{by_hand, talk};

const ANY_PORT: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);

/// One client comes and is closed by the server first, as a server does that is stopped.
fn a_client_comes_and_is_closed(address: SocketAddr, accept: impl FnOnce()) {
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
    a_client_comes_and_is_closed(address, || {
        drop(rustix::net::accept(&server).expect("one waits"));
    });
    drop(server);
    let SocketAddr::V4(address) = address else {
        unreachable!("it was opened so")
    };
    assert_eq!(
        talk::open(address)
            .expect_err("the old connection lingers")
            .kind(),
        ErrorKind::AddrInUse
    );
}

#[test]
fn with_reuseaddr_a_server_can_be_started_again_at_once() {
    let server = by_hand::Listener::open(ANY_PORT.into(), 5).expect("a free port");
    let address = server.local_addr().expect("it has an address");
    a_client_comes_and_is_closed(address, || drop(server.accept().expect("one waits")));
    drop(server);
    by_hand::Listener::open(address, 5).expect("the old connection is no hindrance");
}

#[test]
fn std_sets_reuseaddr_by_itself() {
    let server = TcpListener::bind(ANY_PORT).expect("a free port");
    assert!(rustix::net::sockopt::socket_reuseaddr(&server).expect("it is open"));
    let address = server.local_addr().expect("it has an address");
    a_client_comes_and_is_closed(address, || drop(server.accept().expect("one waits")));
    drop(server);
    TcpListener::bind(address).expect("the old connection is no hindrance");
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
fn the_queue_holds_the_backlog_and_one_more_before_anybody_accepts() {
    let server = by_hand::Listener::open(ANY_PORT.into(), 1).expect("a free port");
    let address = server.local_addr().expect("it has an address");
    let first = TcpStream::connect_timeout(&address, SOON).expect("the backlog is 1");
    let second = TcpStream::connect_timeout(&address, SOON).expect("and one more");
    let third = TcpStream::connect_timeout(&address, Duration::from_millis(200));
    assert_eq!(
        third.expect_err("the queue is full").kind(),
        ErrorKind::TimedOut
    );
    // Room for one: the kernel of a caller asks again after a second.
    let waiting = thread::spawn(move || TcpStream::connect_timeout(&address, SOON));
    let accepted = server.accept().expect("one waits");
    waiting
        .join()
        .expect("no panic")
        .expect("there is room now");
    drop((first, second, accepted));
}

#[test]
fn a_read_ends_at_its_timeout_and_the_connection_is_still_good() {
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
fn a_timeout_of_zero_is_refused_for_the_kernel_takes_it_to_mean_for_ever() {
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

/// The time for 20 questions that are written in two pieces.
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
