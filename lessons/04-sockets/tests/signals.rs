//! EINTR, and SIGPIPE for a write to a closed connection. A test program for itself,
//! because a signal's handler belongs to the process.

#[path = "it/common/mod.rs"]
mod common;

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
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
fn a_signal_interrupts_a_waiting_read_of_std() {
    signals::catch().expect("we may");
    let server = TcpListener::bind(ANY_PORT).expect("a free port");
    let mut client =
        TcpStream::connect(server.local_addr().expect("an address")).expect("it listens");
    let (peer, _) = server.accept().expect("one waits");
    let reading =
        thread::spawn(move || client.read(&mut [0]).map_err(|error| error.kind()));
    // Repeated until it finds the thread in its call: an earlier signal has no effect.
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
fn read_by_hand_and_read_exact_continue_after_a_signal() {
    signals::catch().expect("we may");
    let server = by_hand::Listener::open(ANY_PORT, 2).expect("a free port");
    let address = server.local_addr().expect("it has an address");
    let mut by_hand = by_hand::Stream::connect(address).expect("it listens");
    let mut peer = server.accept().expect("one waits");
    let reading =
        thread::spawn(move || by_hand.read(&mut [0; 3]).map_err(|error| error.kind()));
    interrupt_a_hundred_times(&reading);
    peer.write_all(b"abc").expect("it is open");
    assert_eq!(
        within("the read ends", move || reading.join().expect("no panic")),
        Ok(3)
    );

    let mut std = TcpStream::connect(address).expect("it listens");
    let mut peer = server.accept().expect("one waits");
    let reading =
        thread::spawn(move || std.read_exact(&mut [0; 3]).map_err(|error| error.kind()));
    interrupt_a_hundred_times(&reading);
    peer.write_all(b"abc").expect("it is open");
    assert_eq!(
        within("the read ends", move || reading.join().expect("no panic")),
        Ok(())
    );
}

fn interrupt_a_hundred_times<T>(thread: &thread::JoinHandle<T>) {
    for _ in 0..100 {
        signals::interrupt(thread).expect("we may");
        thread::sleep(std::time::Duration::from_micros(200));
    }
    assert!(!thread.is_finished(), "the wait was ended by a signal");
}

#[test]
fn sigpipe_kills_a_program_that_writes_to_a_closed_connection() {
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
fn a_rust_program_that_writes_to_a_closed_connection_gets_an_error() {
    let (mut ours, theirs) = UnixStream::pair().expect("two sockets");
    drop(theirs);
    let mut error = None;
    // A program that another test is starting has a copy of `theirs` between its fork and
    // its exec.
    until("the write fails", || {
        error = ours.write(b"hello?").err();
        error.is_some()
    });
    assert_eq!(error.expect("it is one").kind(), ErrorKind::BrokenPipe);
}

#[test]
fn signals_lose_no_bytes() {
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

#[test]
#[cfg(target_os = "linux")]
fn an_interrupted_connect_is_still_in_progress() {
    use rustix::net::{AddressFamily, SocketType, connect, socket};

    signals::catch().expect("we may");
    // Full: the backlog is 0, and Linux allows one more.
    let server = by_hand::Listener::open(ANY_PORT, 0).expect("a free port");
    let address = server.local_addr().expect("it has an address");
    let queued = by_hand::Stream::connect(address).expect("there is room for one");
    let client = Arc::new(
        socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket"),
    );
    let connecting = thread::spawn({
        let client = Arc::clone(&client);
        move || connect(&client, &address)
    });
    until("the connect is interrupted", || {
        signals::interrupt(&connecting).expect("we may");
        connecting.is_finished()
    });
    assert_eq!(
        connecting.join().expect("no panic"),
        Err(rustix::io::Errno::INTR)
    );
    rustix::io::ioctl_fionbio(&client, true).expect("it is open");
    assert_eq!(connect(&client, &address), Err(rustix::io::Errno::ALREADY));
    // A second call on a blocking socket waits for the same attempt.
    rustix::io::ioctl_fionbio(&client, false).expect("it is open");
    let accepted = server.accept().expect("one waits");
    let joined = within("the connection is made", move || connect(&client, &address));
    assert_eq!(joined, Ok(()));
    drop((queued, accepted));
}

#[test]
fn a_buffered_read_returns_the_interruption_and_read_line_does_not() {
    struct Interrupted(bool);

    impl Read for Interrupted {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if !std::mem::replace(&mut self.0, true) {
                return Err(ErrorKind::Interrupted.into());
            }
            buffer[0] = b'\n';
            Ok(1)
        }
    }

    let mut line = String::new();
    let mut reader = BufReader::new(Interrupted(false));
    assert_eq!(
        reader.read(&mut [0]).map_err(|error| error.kind()),
        Err(ErrorKind::Interrupted)
    );
    let mut reader = BufReader::new(Interrupted(false));
    assert_eq!(reader.read_line(&mut line).expect("it is repeated"), 1);
}
