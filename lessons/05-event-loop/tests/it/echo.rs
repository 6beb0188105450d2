//! The servers, and the executor.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use event_loop::echo::{Way, echo, whole_lines};
use event_loop::load::{self, Load};
use event_loop::{Executor, Handle, Listener, Reactor, Stream};

use crate::common::{SOON, within};

/// Starts a server on a thread that lives as long as the process.
fn serve(way: Way) -> SocketAddr {
    let (sender, address) = mpsc::channel();
    thread::spawn(move || {
        way.serve((Ipv4Addr::LOCALHOST, 0).into(), |address| {
            let _ = sender.send(address);
        })
        .expect("nothing goes wrong with the listener");
    });
    address
        .recv_timeout(SOON)
        .unwrap_or_else(|error| panic!("{}: {error}", way.name()))
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(SOON)).expect("it is not zero");
    stream
        .set_write_timeout(Some(SOON))
        .expect("it is not zero");
    stream
}

#[test]
fn each_way_sends_back_whole_lines_in_order() {
    for way in Way::ALL {
        let address = serve(way);
        let mut client = connect(address);
        // Lines that arrive in pieces.
        for piece in ["one\ntw", "o\n", "th", "ree\nfour"] {
            client.write_all(piece.as_bytes()).expect("it is connected");
            thread::yield_now();
        }
        let mut lines = BufReader::new(&client).lines();
        for line in ["one", "two", "three"] {
            assert_eq!(
                lines.next().expect("a line is due").expect("in time"),
                line,
                "{}",
                way.name()
            );
        }
        client
            .shutdown(std::net::Shutdown::Write)
            .expect("it is connected");
        assert!(
            lines.next().is_none(),
            "{}: `four` has no newline and must not come back",
            way.name()
        );
    }
}

#[test]
fn a_slow_peer_does_not_stall_the_others_and_loses_nothing() {
    for way in Way::ALL {
        let address = serve(way);
        // It writes and never reads until its own buffers are full: its server cannot
        // write to it either.
        let slow = connect(address);
        slow.set_nonblocking(true).expect("it is ours");
        let (lines, mut written, mut stuck) = (
            (*b"a line of 64 bytes that is different wherever you look into it.\n")
                .repeat(64),
            0,
            0,
        );
        // Half a second: a kernel whose buffer was full can take 200 ms to probe again.
        while stuck < 250 {
            match (&slow).write(&lines[written % 64..]) {
                Ok(count) => (written, stuck) = (written + count, 0),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    stuck += 1;
                    thread::sleep(Duration::from_millis(2));
                }
            }
        }
        let mut other = connect(address);
        for _ in 0..10 {
            other.write_all(b"hello\n").expect("it is connected");
            let mut back = [0; 6];
            other
                .read_exact(&mut back)
                .unwrap_or_else(|error| panic!("{}: {error}", way.name()));
            assert_eq!(&back, b"hello\n");
        }
        // When it finally reads, every whole line that it wrote is there.
        slow.set_nonblocking(false).expect("it is ours");
        let mut back = vec![0; written / 64 * 64];
        (&slow)
            .read_exact(&mut back)
            .unwrap_or_else(|error| panic!("{}: {error}", way.name()));
        assert!(
            back.chunks(64).all(|line| line == &lines[..64]),
            "{}: it is not what was written",
            way.name()
        );
    }
}

#[test]
fn a_client_whose_line_never_ends_is_disconnected() {
    for way in Way::ALL {
        let mut client = connect(serve(way));
        // The server closes. When a write notices that is the kernel's choice.
        let mut written = 0;
        while written < 64 << 20 {
            match client.write(&[b'x'; 4096]) {
                Ok(count) => written += count,
                Err(_) => break,
            }
        }
        assert!(
            written < 64 << 20,
            "{}: {written} bytes of a line were accepted",
            way.name()
        );
    }
}

#[test]
fn bytes_after_the_last_newline_are_kept() {
    let mut partial = Vec::new();
    for (read, lines, kept) in [
        ("a\nb", "a\n", "b"),
        ("c", "", "bc"),
        ("\n", "bc\n", ""),
        ("\n\nd", "\n\n", "d"),
        ("e\nf\n", "de\nf\n", ""),
    ] {
        let whole = whole_lines(&mut partial, read.as_bytes())
            .expect("they are short")
            .into_owned();
        assert_eq!(
            (whole.as_slice(), partial.as_slice()),
            (lines.as_bytes(), kept.as_bytes()),
            "{read:?}"
        );
    }
}

#[test]
fn the_loop_serves_hundreds_and_drops_none() {
    let server = serve(Way::Reactor);
    let report = within("a load of 300 clients", move || {
        let time = Duration::from_millis(100);
        load::run(&Load {
            server,
            pid: std::process::id(),
            connections: 300,
            in_flight: 4,
            time,
        })
    });
    let report = report.expect("all are served");
    assert_eq!((report.alive, report.heard), (300, 300));
    // Every line is measured, also the last ones of each client, which came back late.
    let (in_time, sent) = (report.requests, report.latency.len());
    assert_eq!(sent, in_time + 300 * 4, "{in_time} came back in time");
}

#[test]
fn a_load_measures_the_lines_that_come_back_late() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let server = listener.local_addr().expect("it is bound");
    // It answers the two lines before the measured time at once, and holds the third until
    // long after that time.
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the load connects");
        let mut line = [0; load::LINE];
        for number in 1.. {
            if stream.read_exact(&mut line).is_err() {
                return;
            }
            if number == 3 {
                thread::sleep(Duration::from_millis(300));
            }
            if stream.write_all(&line).is_err() {
                return;
            }
        }
    });
    let report = within("a load of one starved client", move || {
        load::run(&Load {
            server,
            pid: std::process::id(),
            connections: 1,
            in_flight: 1,
            time: Duration::from_millis(50),
        })
    });
    let report = report.expect("all are served in the end");
    assert_eq!((report.requests, report.heard, report.alive), (0, 0, 1));
    let worst = report.latency.max();
    assert!(
        worst >= 250_000,
        "the highest latency is {worst} microseconds"
    );
}

#[test]
fn an_async_fn_echoes_on_our_executor() {
    let back = within("an echo", || {
        let mut executor = Executor::new(Reactor::new().expect("a descriptor is left"));
        let handle = executor.handle();
        executor
            .block_on(conversation(handle))
            .expect("the loop turns")
            .expect("the sockets work")
    });
    assert_eq!(back, b"hello\n");
}

async fn conversation(handle: Handle) -> std::io::Result<Vec<u8>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let listener = Listener::new(&handle, listener)?;
    handle.spawn(async move {
        let (stream, _) = listener.accept().await.expect("the client connects");
        echo(stream).await.expect("the client is well");
    });
    let client = Stream::new(&handle, client)?;
    let (mut back, mut buffer) = (Vec::new(), [0; 64]);
    for piece in [&b"hel"[..], b"lo\n"] {
        client.write_all(piece).await?;
        handle.sleep(Duration::from_millis(1)).await;
    }
    while back.len() < 6 {
        let count = client.read(&mut buffer).await?;
        back.extend_from_slice(&buffer[..count]);
    }
    Ok(back)
}

fn executor() -> Executor {
    Executor::new(Reactor::new().expect("a descriptor is left"))
}

#[test]
fn a_thousand_sleeps_take_as_long_as_one() {
    let awake = within("1,000 sleeps of 100 ms", || {
        let mut executor = executor();
        let (handle, awake) = (executor.handle(), Rc::new(Cell::new(0)));
        for _ in 0..1000 {
            let (sleep, awake) =
                (handle.sleep(Duration::from_millis(100)), awake.clone());
            handle.spawn(async move {
                sleep.await;
                awake.set(awake.get() + 1);
            });
        }
        executor.run().expect("the loop turns");
        awake.get()
    });
    // One after the other they would take 100 s, and `within` waits for 60.
    assert_eq!(awake, 1000);
}

#[test]
fn a_task_that_is_woken_twice_is_polled_once_and_a_late_wake_is_harmless() {
    let mut executor = executor();
    let handle = executor.handle();
    let (polls, done) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let waker: Rc<RefCell<Option<Waker>>> = Rc::default();
    let (count, place, ends) = (polls.clone(), waker.clone(), done.clone());
    handle.spawn(poll_fn(move |context| {
        count.set(count.get() + 1);
        *place.borrow_mut() = Some(context.waker().clone());
        if ends.get() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }));
    let other = handle.clone();
    handle.spawn(async move {
        // The fourth time the task has ended.
        for round in 1..=4 {
            done.set(round == 3);
            let waker = waker.borrow().clone().expect("the other task was first");
            waker.wake_by_ref();
            waker.wake();
            other.sleep(Duration::from_millis(1)).await;
        }
    });
    executor.run().expect("the loop turns");
    assert_eq!(
        polls.get(),
        4,
        "once at first, and once for each of the three times it was woken twice"
    );
}

#[test]
fn a_waker_works_from_another_thread() {
    let value = within("a value from another thread", || {
        let slot = Arc::new(Mutex::new((None, None::<Waker>)));
        let shared = slot.clone();
        let other = thread::spawn(move || {
            let deadline = std::time::Instant::now() + SOON;
            loop {
                let mut slot = shared.lock().expect("no thread panics");
                if let Some(waker) = slot.1.take() {
                    slot.0 = Some(42);
                    waker.wake();
                    return;
                }
                drop(slot);
                assert!(
                    std::time::Instant::now() < deadline,
                    "the task leaves no waker"
                );
                thread::yield_now();
            }
        });
        let value = executor().block_on(poll_fn(move |context| {
            let mut slot = slot.lock().expect("no thread panics");
            slot.1 = Some(context.waker().clone());
            slot.0.map_or(Poll::Pending, Poll::Ready)
        }));
        other.join().expect("it leaves a value");
        value.expect("the loop turns")
    });
    assert_eq!(value, 42);
}
