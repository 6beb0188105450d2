//! A signal in the middle of a wait, and a signal for writing to nobody.

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::{SOON, until, within};
use sockets::{by_hand, signals};

const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

#[test]
fn a_signal_ends_a_read_that_waits_and_std_says_so() {
    signals::catch().expect("we may");
    let server = TcpListener::bind(ANY_PORT).expect("a free port");
    let mut client =
        TcpStream::connect(server.local_addr().expect("an address")).expect("it listens");
    let (peer, _) = server.accept().expect("one waits");
    let reading =
        thread::spawn(move || client.read(&mut [0]).map_err(|error| error.kind()));
    // Again until it finds the thread in its call: a signal that comes before is over by
    // then.
    until("the read ends", || {
        signals::interrupt(&reading).expect("we may");
        reading.is_finished()
    });
    assert_eq!(
        reading.join().expect("no panic"),
        Err(ErrorKind::Interrupted)
    );
    drop(peer);
}

#[test]
fn our_read_by_hand_goes_on_waiting_and_so_does_read_exact() {
    signals::catch().expect("we may");
    let server = by_hand::Listener::open(ANY_PORT, 2).expect("a free port");
    let address = server.local_addr().expect("it has an address");
    let mut by_hand = by_hand::Stream::connect(address).expect("it listens");
    let mut peer = server.accept().expect("one waits");
    let reading =
        thread::spawn(move || by_hand.read(&mut [0; 3]).map_err(|error| error.kind()));
    interrupted_a_hundred_times(&reading);
    peer.write_all(b"abc").expect("it is open");
    assert_eq!(
        within("the read ends", move || reading.join().expect("no panic")),
        Ok(3)
    );

    let mut std = TcpStream::connect(address).expect("it listens");
    let mut peer = server.accept().expect("one waits");
    let reading =
        thread::spawn(move || std.read_exact(&mut [0; 3]).map_err(|error| error.kind()));
    interrupted_a_hundred_times(&reading);
    peer.write_all(b"abc").expect("it is open");
    assert_eq!(
        within("the read ends", move || reading.join().expect("no panic")),
        Ok(())
    );
}

fn interrupted_a_hundred_times<T>(thread: &thread::JoinHandle<T>) {
    for _ in 0..100 {
        signals::interrupt(thread).expect("we may");
        thread::sleep(std::time::Duration::from_micros(200));
    }
    assert!(!thread.is_finished(), "the wait was ended by a signal");
}

#[test]
fn a_program_that_writes_to_nobody_is_ended_by_a_signal() {
    let (ours, theirs) = UnixStream::pair().expect("two sockets");
    drop(ours);
    let mut yes = Command::new("yes")
        .stdout(Stdio::from(OwnedFd::from(theirs)))
        .spawn()
        .expect("on every Unix");
    let mut status = None;
    until("yes ends", || {
        status = yes.try_wait().expect("we may wait for it");
        status.is_some()
    });
    assert_eq!(
        status.and_then(|status| status.signal()),
        Some(libc::SIGPIPE)
    );
}

#[test]
fn a_rust_program_that_writes_to_nobody_gets_an_error() {
    let (mut ours, theirs) = UnixStream::pair().expect("two sockets");
    drop(theirs);
    let mut error = None;
    // A program that another test starts just now has a copy of `theirs`, from its fork
    // to its exec.
    until("the write fails", || {
        error = ours.write(b"hello?").err();
        error.is_some()
    });
    assert_eq!(error.expect("it is one").kind(), ErrorKind::BrokenPipe);
}

#[test]
fn a_signal_between_two_messages_loses_nothing() {
    signals::catch().expect("we may");
    let server = by_hand::Listener::open(ANY_PORT, 1).expect("a free port");
    let mut client = by_hand::Stream::connect(server.local_addr().expect("an address"))
        .expect("it listens");
    client.give_up_after(SOON).expect("not zero");
    let mut peer = server.accept().expect("one waits");
    let done = Arc::new(AtomicBool::new(false));
    let sending = thread::spawn({
        let done = Arc::clone(&done);
        move || {
            let sent = (0..=255).cycle().take(1 << 20).collect::<Vec<u8>>();
            let result = peer.write_all(&sent).map_err(|error| error.kind());
            done.store(true, Ordering::Release);
            result
        }
    });
    let reading = thread::spawn(move || {
        let mut heard = Vec::new();
        client
            .read_to_end(&mut heard)
            .map(|_| heard)
            .map_err(|error| error.kind())
    });
    until("all is sent", || {
        signals::interrupt(&sending).expect("we may");
        signals::interrupt(&reading).expect("we may");
        done.load(Ordering::Acquire)
    });
    assert_eq!(sending.join().expect("no panic"), Ok(()));
    let heard = within("all is read", move || reading.join().expect("no panic"))
        .expect("no error");
    assert!(
        heard.iter().copied().eq((0..=255).cycle().take(1 << 20)),
        "other bytes came than were sent"
    );
}
