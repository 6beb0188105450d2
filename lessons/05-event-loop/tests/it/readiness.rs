//! Readiness, as each poller reports it.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;

use event_loop::{Interest, Poll, Poller, Token, Trigger};

use crate::common::{now, pair, pollers, soon};

#[test]
fn a_source_is_readable_while_there_is_something_to_read() {
    for mut poller in pollers() {
        let name = poller.name();
        let (client, server) = pair();
        poller
            .add(Token(3), server.clone(), Interest::READABLE, Trigger::Level)
            .expect("it is new");
        assert_eq!(now(&mut *poller), [], "{name}: nothing has arrived");
        (&*client).write_all(b"hello").expect("it is connected");
        let ready = soon(&mut *poller);
        assert_eq!(ready.len(), 1, "{name}: one source is watched");
        assert!(
            ready[0].token == Token(3) && ready[0].readable && !ready[0].writable,
            "{name}: {ready:?}"
        );
        assert_eq!((&*server).read(&mut [0; 64]).expect("5 bytes are there"), 5);
        assert_eq!(now(&mut *poller), [], "{name}: everything is read");
    }
}

#[test]
fn end_of_file_is_readable() {
    for mut poller in pollers() {
        let (client, server) = pair();
        poller
            .add(Token(3), server.clone(), Interest::READABLE, Trigger::Level)
            .expect("it is new");
        client.shutdown(Shutdown::Write).expect("it is connected");
        assert!(soon(&mut *poller)[0].readable, "{}", poller.name());
        assert_eq!(
            (&*server)
                .read(&mut [0; 64])
                .expect("end of file is not an error"),
            0
        );
        assert!(
            soon(&mut *poller)[0].readable,
            "{}: the end stays readable",
            poller.name()
        );
    }
}

#[test]
fn a_source_is_writable_until_its_buffer_is_full() {
    for mut poller in pollers() {
        let name = poller.name();
        let (client, server) = pair();
        poller
            .add(Token(3), server.clone(), Interest::WRITABLE, Trigger::Level)
            .expect("it is new");
        assert!(
            soon(&mut *poller)[0].writable,
            "{name}: the buffer is empty"
        );
        // Full means that a wait agrees: written bytes can still move into the other
        // side's buffer.
        let mut written = 0;
        loop {
            match (&*server).write(&[0; 4096]) {
                Ok(count) => written += count,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    if now(&mut *poller).is_empty() {
                        break;
                    }
                }
            }
        }
        let mut buffer = vec![0; 1 << 16];
        while written > 0 {
            match (&*client).read(&mut buffer) {
                Ok(count) => written -= count,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        assert!(
            soon(&mut *poller)[0].writable,
            "{name}: the other side has read it all"
        );
    }
}

#[test]
fn a_source_without_interest_is_not_reported_even_at_its_end() {
    for mut poller in pollers() {
        let name = poller.name();
        let (client, server) = pair();
        poller
            .add(Token(3), server.clone(), Interest::NONE, Trigger::Level)
            .expect("it is new");
        client.shutdown(Shutdown::Both).expect("it is connected");
        server.shutdown(Shutdown::Both).expect("it is connected");
        assert_eq!(now(&mut *poller), [], "{name}: nothing was wanted");
        poller
            .change(Token(3), Interest::READABLE)
            .expect("it is watched");
        assert!(soon(&mut *poller)[0].readable, "{name}: now it is");
        poller
            .change(Token(3), Interest::NONE)
            .expect("it is watched");
        assert_eq!(now(&mut *poller), [], "{name}: no interest is left");
        poller.remove(Token(3)).expect("it is watched");
    }
}

#[test]
fn a_token_names_one_source() {
    for mut poller in pollers() {
        let (_client, server) = pair();
        let level = Trigger::Level;
        poller
            .add(Token(3), server.clone(), Interest::READABLE, level)
            .expect("it is new");
        let again = poller
            .add(Token(3), server, Interest::READABLE, level)
            .map_err(|error| error.kind());
        assert_eq!(again, Err(ErrorKind::AlreadyExists), "{}", poller.name());
        poller.remove(Token(3)).expect("it is watched");
        for gone in [
            poller.remove(Token(3)),
            poller.change(Token(3), Interest::BOTH),
        ] {
            assert_eq!(
                gone.map_err(|error| error.kind()),
                Err(ErrorKind::NotFound),
                "{}",
                poller.name()
            );
        }
    }
}

#[test]
fn poll_has_no_edge_trigger() {
    let (_client, server) = pair();
    let error = Poll::default()
        .add(Token(1), server, Interest::READABLE, Trigger::Edge)
        .map_err(|error| error.kind());
    assert_eq!(error, Err(ErrorKind::Unsupported));
}

#[cfg(target_os = "linux")]
#[test]
fn an_edge_triggered_source_that_is_not_drained_is_not_reported_again() {
    let mut poller = event_loop::Epoll::new().expect("a descriptor is left");
    let (client, server) = pair();
    poller
        .add(Token(1), server.clone(), Interest::READABLE, Trigger::Edge)
        .expect("it is new");
    (&*client)
        .write_all(b"ten bytes!")
        .expect("it is connected");
    assert!(soon(&mut poller)[0].readable, "it is new");
    assert_eq!(
        now(&mut poller),
        [],
        "nothing is new, though all ten are unread"
    );
    assert_eq!((&*server).read(&mut [0; 4]).expect("ten are there"), 4);
    assert_eq!(
        now(&mut poller),
        [],
        "nothing is new, though six are unread"
    );
    (&*client).write_all(b"!").expect("it is connected");
    assert!(soon(&mut poller)[0].readable, "one more has come");
}

#[test]
fn a_level_triggered_source_that_is_not_drained_is_reported_again() {
    for mut poller in pollers() {
        let (client, server) = pair();
        poller
            .add(Token(1), server.clone(), Interest::READABLE, Trigger::Level)
            .expect("it is new");
        (&*client)
            .write_all(b"ten bytes!")
            .expect("it is connected");
        for _ in 0..3 {
            assert!(
                soon(&mut *poller)[0].readable,
                "{}: it is still readable",
                poller.name()
            );
        }
        assert_eq!((&*server).read(&mut [0; 4]).expect("ten are there"), 4);
        assert!(
            soon(&mut *poller)[0].readable,
            "{}: six are unread",
            poller.name()
        );
    }
}

#[test]
fn a_regular_file_is_always_ready_for_poll_and_refused_by_epoll() {
    let mut file = tempfile::tempfile().expect("a folder for files that last a while");
    file.write_all(b"x").expect("there is room");
    let file = Arc::new(file);
    for mut poller in pollers() {
        let added = poller.add(Token(1), file.clone(), Interest::BOTH, Trigger::Level);
        if poller.name() == "poll" {
            let ready = soon(&mut *poller);
            // It is readable even at its end, where a read returns 0.
            assert!(ready[0].readable && ready[0].writable, "{ready:?}");
        } else {
            assert_eq!(
                added.map_err(|error| error.kind()),
                Err(ErrorKind::PermissionDenied)
            );
        }
    }
}
