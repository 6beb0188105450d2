//! A patched program: std's own calls park in coroutines, and work as before elsewhere.
//! A test program for itself, because the patch belongs to the process.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

monkey_patching::patch_all!();

#[path = "it/common/mod.rs"]
mod common;

use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use common::{SOON, until, within};
use may::coroutine::JoinHandle;
use may::go;
use monkey_patching::{errno, hub, is_patched, plain};

/// Starts `may` with one worker, and with stacks that have room for an `assert` to print.
fn one_worker() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        may::config().set_workers(1).set_stack_size(0x8000);
        raise_limit();
        assert!(is_patched(), "the test's own calls do not reach the patch");
    });
}

/// Raises the limit of descriptors as far as it goes: a thousand clients and their server
/// are in this process.
fn raise_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    );
}

/// Returns the coroutine's result, and fails if it does not end in time.
fn join<T: Send + 'static>(what: &str, coroutine: JoinHandle<T>) -> T {
    within(what, move || {
        coroutine
            .join()
            .unwrap_or_else(|_| panic!("the coroutine panicked"))
    })
}

fn listener() -> (TcpListener, std::net::SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    (listener, address)
}

fn pair() -> (TcpStream, TcpStream) {
    let (listener, address) = listener();
    let client = TcpStream::connect(address).expect("the listener is there");
    (client, listener.accept().expect("the client is there").0)
}

#[test]
fn a_thousand_sleepers_sleep_at_the_same_time() {
    one_worker();
    let (asleep, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let sleepers: Vec<_> = (0..1000)
        .map(|_| {
            let (asleep, most) = (Arc::clone(&asleep), Arc::clone(&most));
            go!(move || {
                most.fetch_max(
                    asleep.fetch_add(1, Ordering::SeqCst) + 1,
                    Ordering::SeqCst,
                );
                let begin = Instant::now();
                thread::sleep(Duration::from_millis(100));
                asleep.fetch_sub(1, Ordering::SeqCst);
                begin.elapsed()
            })
        })
        .collect();
    let begin = Instant::now();
    for sleeper in sleepers {
        let time = join("a sleeper", sleeper);
        assert!(
            time >= Duration::from_millis(100),
            "a sleep of 100 ms took {time:?}"
        );
    }
    assert!(
        most.load(Ordering::SeqCst) > 100,
        "they slept one after another: at most {most:?} at a time"
    );
    assert!(
        begin.elapsed() < Duration::from_secs(50),
        "1,000 sleeps of 100 ms took {:?}",
        begin.elapsed()
    );
}

#[test]
fn a_short_sleep_ends() {
    one_worker();
    for nanos in [0, 1, 999_999, 1_000_000, 1_000_001] {
        let time = Duration::from_nanos(nanos);
        let slept = join(
            "a short sleep",
            go!(move || {
                let begin = Instant::now();
                thread::sleep(time);
                begin.elapsed()
            }),
        );
        assert!(slept >= time, "{time:?} took {slept:?}");
    }
}

#[test]
fn a_server_written_for_threads_serves_a_thousand_clients_without_one() {
    one_worker();
    let (listener, address) = listener();
    go!(move || plain::serve(&listener, |work| {
        go!(work);
    }));
    let before = fs::read_dir("/proc/self/task")
        .expect("/proc is there")
        .count();
    let mut clients = Vec::new();
    for number in 0..1000_u32 {
        let mut client = TcpStream::connect(address).expect("the server is there");
        client
            .set_read_timeout(Some(SOON))
            .expect("a socket has timeouts");
        client
            .write_all(&number.to_be_bytes())
            .expect("the server reads");
        let mut answer = [0; 4];
        client.read_exact(&mut answer).expect("the server answers");
        assert_eq!(u32::from_be_bytes(answer), number);
        clients.push(client);
    }
    // The other tests of this file start threads too, but never a hundred.
    let now = fs::read_dir("/proc/self/task")
        .expect("/proc is there")
        .count();
    assert!(now < before + 100, "{before} threads have become {now}");
}

#[test]
fn client_and_server_can_share_a_worker() {
    one_worker();
    let (listener, address) = listener();
    go!(move || plain::serve(&listener, |work| {
        go!(work);
    }));
    let clients: Vec<_> = (0..50_u32)
        .map(|number| go!(move || plain::ask(address, &number.to_be_bytes())))
        .collect();
    for (number, client) in (0..50_u32).zip(clients) {
        let answer = join("a client", client).expect("the server answers");
        assert_eq!(answer, number.to_be_bytes());
    }
}

#[test]
fn a_read_timeout_is_kept() {
    one_worker();
    let (mut client, _server) = pair();
    client
        .set_read_timeout(Some(Duration::from_millis(30)))
        .expect("a socket has timeouts");
    let (kind, time) = join(
        "a read with a timeout",
        go!(move || {
            let begin = Instant::now();
            (
                client.read(&mut [0]).map_err(|error| error.kind()),
                begin.elapsed(),
            )
        }),
    );
    assert_eq!(kind, Err(ErrorKind::WouldBlock));
    assert!(
        time >= Duration::from_millis(30),
        "a timeout of 30 ms expired after {time:?}"
    );
}

#[test]
fn a_write_timeout_is_kept() {
    one_worker();
    let (mut client, _server) = pair();
    client
        .set_write_timeout(Some(Duration::from_millis(30)))
        .expect("a socket has timeouts");
    let error = join(
        "a write that is never read",
        go!(move || client
            .write_all(&vec![0; 64 << 20])
            .expect_err("the other side does not read")
            .kind()),
    );
    assert_eq!(error, ErrorKind::WouldBlock);
}

#[test]
fn an_accept_keeps_its_timeout_too() {
    one_worker();
    let (listener, _) = listener();
    let time = libc::timeval {
        tv_sec: 0,
        tv_usec: 30_000,
    };
    let size = libc::socklen_t::try_from(size_of_val(&time)).expect("it is small");
    // SAFETY: the kernel reads one `timeval` of this size.
    let done = unsafe {
        libc::setsockopt(
            listener.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVTIMEO,
            (&raw const time).cast(),
            size,
        )
    };
    assert_eq!(done, 0);
    let error = join(
        "an accept",
        go!(move || listener.accept().expect_err("no client connects").kind()),
    );
    assert_eq!(error, ErrorKind::WouldBlock);
}

#[test]
fn a_non_blocking_socket_does_not_wait() {
    one_worker();
    let (mut client, _server) = pair();
    let (listener, _) = listener();
    client
        .set_nonblocking(true)
        .expect("a socket has this flag");
    listener
        .set_nonblocking(true)
        .expect("a socket has this flag");
    let kinds = join(
        "calls that do not wait",
        go!(move || {
            let mut kinds = vec![client.read(&mut [0]).map_err(|error| error.kind())];
            kinds.push(client.peek(&mut [0]).map_err(|error| error.kind()));
            kinds.push(listener.accept().map(|_| 1).map_err(|error| error.kind()));
            kinds
        }),
    );
    assert_eq!(kinds, [Err(ErrorKind::WouldBlock); 3]);
}

#[test]
fn outside_a_coroutine_a_call_blocks_its_thread() {
    one_worker();
    let (mut client, mut server) = pair();
    let waiting = Arc::new(AtomicBool::new(true));
    let still = Arc::clone(&waiting);
    let reading = thread::spawn(move || {
        let mut byte = [0];
        let count = client.read(&mut byte);
        still.store(false, Ordering::SeqCst);
        (count.expect("the other side is there"), byte)
    });
    thread::sleep(Duration::from_millis(20));
    assert!(waiting.load(Ordering::SeqCst), "the read has not waited");
    server.write_all(b"x").expect("the other side is there");
    assert_eq!(
        within("the thread ends", || reading
            .join()
            .expect("it does not panic")),
        (1, *b"x")
    );
}

#[test]
fn a_large_write_goes_out_in_pieces_and_whole() {
    one_worker();
    let (mut client, mut server) = pair();
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(8 << 20).collect();
    let sent = bytes.clone();
    let writing = go!(move || client.write(&sent));
    let reading = go!(move || {
        let mut received = Vec::new();
        server.read_to_end(&mut received).map(|_| received)
    });
    assert_eq!(
        join("the write", writing).expect("the other side reads"),
        bytes.len()
    );
    assert!(
        join("the read", reading).expect("the other side writes") == bytes,
        "the bytes have changed"
    );
}

#[test]
fn two_coroutines_can_read_and_write_one_socket() {
    one_worker();
    let (client, server) = pair();
    let client = Arc::new(client);
    let reader = Arc::clone(&client);
    let bytes = 4 << 20;
    let reading = go!(move || {
        let (mut total, mut buffer) = (0, vec![0; 4096]);
        while total < bytes {
            total += (&*reader).read(&mut buffer)?;
        }
        io::Result::Ok(total)
    });
    let writing = go!(move || {
        (&*client).write_all(&vec![7; bytes])?;
        client.shutdown(Shutdown::Write)
    });
    go!(move || plain::echo(server));
    join("the write", writing).expect("the other side reads");
    assert_eq!(
        join("the read", reading).expect("the other side writes"),
        bytes
    );
}

#[test]
fn several_coroutines_can_accept_from_one_listener() {
    one_worker();
    let (listener, address) = listener();
    let listener = Arc::new(listener);
    let taking: Vec<_> = (0..4)
        .map(|_| {
            let listener = Arc::clone(&listener);
            go!(move || listener.accept().map(|_| ()))
        })
        .collect();
    let callers: Vec<_> = (0..4).map(|_| TcpStream::connect(address)).collect();
    for coroutine in taking {
        join("an accept", coroutine).expect("there is a caller for each");
    }
    drop(callers);
}

#[test]
fn vectored_calls_and_unix_sockets_wait_cooperatively() {
    one_worker();
    let (mut left, mut right) = UnixStream::pair().expect("two sockets");
    let reading = go!(move || {
        let (mut first, mut second) = ([0; 2], [0; 3]);
        let count = left.read_vectored(&mut [
            IoSliceMut::new(&mut first),
            IoSliceMut::new(&mut second),
        ])?;
        io::Result::Ok((count, first, second))
    });
    until("the reader is parked", || hub::waiting() > 0);
    let writing =
        go!(move || right.write_vectored(&[IoSlice::new(b"he"), IoSlice::new(b"llo")]));
    assert_eq!(join("the write", writing).expect("the other side reads"), 5);
    assert_eq!(
        join("the read", reading).expect("the other side writes"),
        (5, *b"he", *b"llo")
    );
}

#[test]
fn datagrams_wait_cooperatively() {
    one_worker();
    let ours = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let theirs = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = ours.local_addr().expect("it has an address");
    let from = theirs.local_addr().expect("it has an address");
    let receiving = go!(move || {
        let mut buffer = [0; 8];
        ours.recv_from(&mut buffer)
            .map(|(count, sender)| (buffer[..count].to_vec(), sender))
    });
    let sending = go!(move || theirs.send_to(b"hello", address));
    assert_eq!(join("the send", sending).expect("a datagram goes"), 5);
    assert_eq!(
        join("the receive", receiving).expect("one comes"),
        (b"hello".to_vec(), from)
    );
}

#[test]
fn a_refused_connection_is_refused_in_a_coroutine_too() {
    one_worker();
    let (listener, address) = listener();
    drop(listener);
    for timeout in [None, Some(SOON)] {
        let kind = join(
            "a connect",
            go!(move || match timeout {
                None => TcpStream::connect(address),
                Some(timeout) => TcpStream::connect_timeout(&address, timeout),
            }
            .map(|_| ())
            .map_err(|error| error.kind())),
        );
        assert_eq!(kind, Err(ErrorKind::ConnectionRefused), "with {timeout:?}");
    }
}

#[test]
fn a_connected_socket_is_left_blocking() {
    one_worker();
    let (_listener, address) = listener();
    let flags = join(
        "a connect",
        go!(move || {
            let stream = TcpStream::connect(address)?;
            // SAFETY: F_GETFL takes and returns plain numbers.
            io::Result::Ok(
                unsafe { libc::fcntl(stream.as_raw_fd(), libc::F_GETFL) }
                    & libc::O_NONBLOCK,
            )
        }),
    );
    assert_eq!(
        flags.expect("the listener is there"),
        0,
        "the patch's own flag has stayed"
    );
}

#[test]
fn files_and_pipes_are_passed_on() {
    one_worker();
    let (file, pipe) = join(
        "a file and a pipe",
        go!(|| {
            let file = fs::read_to_string("/proc/self/comm").map(|name| !name.is_empty());
            let (mut reader, mut writer) = io::pipe()?;
            writer.write_all(b"hello")?;
            drop(writer);
            let mut text = String::new();
            reader.read_to_string(&mut text)?;
            io::Result::Ok((file?, text))
        }),
    )
    .expect("both are there");
    assert_eq!((file, pipe.as_str()), (true, "hello"));
}

#[test]
fn a_coroutine_can_resume_on_another_thread_with_another_errno() {
    one_worker();
    let (before, after) = join(
        "a sleep of may's own",
        go!(|| {
            let before = errno::address();
            may::coroutine::sleep(Duration::from_millis(5));
            (before, errno::address())
        }),
    );
    assert_ne!(
        before, after,
        "may's timer thread runs what it wakes: the claim of the chapter"
    );
}

#[test]
fn a_call_that_succeeds_leaves_errno_alone() {
    one_worker();
    let (client, mut server) = pair();
    let reading = go!(move || {
        errno::set(libc::EXDEV);
        thread::sleep(Duration::from_millis(2));
        let slept = errno::get();
        // There is one worker: the writer runs when this coroutine parks.
        let writing = go!(move || server.write_all(b"x").map(|()| server));
        errno::set(libc::EXDEV);
        // SAFETY: there is room for one byte.
        let count =
            unsafe { libc::recv(client.as_raw_fd(), [0_u8].as_mut_ptr().cast(), 1, 0) };
        let received = errno::get();
        drop(writing.join());
        (slept, count, received)
    });
    assert_eq!(join("the read", reading), (libc::EXDEV, 1, libc::EXDEV));
}

#[test]
fn a_send_cut_short_by_its_timeout_is_a_success_and_leaves_errno_alone() {
    one_worker();
    let (client, _server) = pair();
    client
        .set_write_timeout(Some(Duration::from_millis(30)))
        .expect("a socket has timeouts");
    let length = 64 << 20;
    let (count, number) = join(
        "a send of 64 MiB that is never read",
        go!(move || {
            let bytes = vec![0_u8; length];
            errno::set(libc::EXDEV);
            // SAFETY: there are `length` bytes.
            let count = unsafe {
                libc::send(client.as_raw_fd(), bytes.as_ptr().cast(), length, 0)
            };
            (count, errno::get())
        }),
    );
    assert!(
        (1..length.cast_signed()).contains(&count),
        "{count} of {length} bytes were accepted"
    );
    assert_eq!(number, libc::EXDEV);
}

#[test]
fn a_poll_that_waits_leaves_errno_alone() {
    one_worker();
    let (client, mut server) = pair();
    let polling = go!(move || {
        let mut asked = [libc::pollfd {
            fd: client.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        }];
        // There is one worker: the writer runs when this coroutine parks.
        let writing = go!(move || server.write_all(b"x").map(|()| server));
        errno::set(libc::EXDEV);
        // SAFETY: there is one entry.
        let ready = unsafe { libc::poll(asked.as_mut_ptr(), 1, -1) };
        let polled = errno::get();
        drop(writing.join());
        (ready, polled)
    });
    assert_eq!(join("the poll", polling), (1, libc::EXDEV));
}

#[test]
fn a_call_with_msg_dontwait_never_parks() {
    one_worker();
    let (client, _server) = pair();
    let (count, number) = join(
        "a receive with MSG_DONTWAIT",
        go!(move || {
            let mut byte = [0_u8];
            let room = byte.as_mut_ptr().cast();
            // SAFETY: there is room for one byte.
            let count =
                unsafe { libc::recv(client.as_raw_fd(), room, 1, libc::MSG_DONTWAIT) };
            (count, errno::get())
        }),
    );
    assert_eq!((count, number), (-1, libc::EAGAIN));
}

#[test]
fn a_coroutine_that_still_waits_after_an_event_is_rearmed() {
    one_worker();
    let (client, mut server) = pair();
    let client = Arc::new(client);
    let reader = Arc::clone(&client);
    let reading = go!(move || {
        let mut byte = [0];
        (&*reader).read_exact(&mut byte).map(|()| byte)
    });
    let bytes = 16 << 20;
    let writing = go!(move || (&*client).write_all(&vec![7; bytes]));
    // When everything has been read, the writer is done. Only the reader still waits, and
    // no other coroutine will arm the descriptor again.
    server
        .set_read_timeout(Some(SOON))
        .expect("a socket has timeouts");
    server
        .read_exact(&mut vec![0; bytes])
        .expect("the other side writes");
    join("the write", writing).expect("the other side reads");
    server.write_all(b"y").expect("the other side is there");
    assert_eq!(join("the read", reading).expect("a byte has come"), *b"y");
}

#[test]
fn a_cancelled_call_fails_and_its_caller_cleans_up() {
    one_worker();
    let (mut client, server) = pair();
    let begun = Arc::new(AtomicBool::new(false));
    let begins = Arc::clone(&begun);
    let reading = go!(move || {
        begins.store(true, Ordering::SeqCst);
        client.read(&mut [0]).map_err(|error| error.raw_os_error())
    });
    until("the coroutine has begun", || begun.load(Ordering::SeqCst));
    // SAFETY: the coroutine owns a socket and an array, and both can be dropped while it
    // is in `read`.
    unsafe { reading.coroutine().cancel() };
    assert_eq!(join("the read", reading), Err(Some(libc::ECANCELED)));
    // The coroutine's own code has dropped its socket.
    let mut server = server;
    server
        .set_read_timeout(Some(SOON))
        .expect("a socket has timeouts");
    assert_eq!(server.read(&mut [0]).expect("the end, not an error"), 0);
}

/// Duplicates a socket under a number that the other tests never reach.
fn at_3000(stream: &TcpStream) -> TcpStream {
    // SAFETY: F_DUPFD returns a new descriptor, which nothing else owns.
    unsafe {
        TcpStream::from_raw_fd(libc::fcntl(
            stream.as_raw_fd(),
            libc::F_DUPFD_CLOEXEC,
            3000,
        ))
    }
}

#[test]
fn a_reused_descriptor_is_watched_again() {
    one_worker();
    for _ in 0..50 {
        let (client, mut server) = pair();
        let mut copy = at_3000(&client);
        assert_eq!(copy.as_raw_fd(), 3000);
        drop(client);
        copy.set_read_timeout(Some(Duration::from_millis(1)))
            .expect("a socket has timeouts");
        let mut copy = join(
            "a read with a timeout",
            go!(move || {
                assert!(copy.read(&mut [0]).is_err());
                copy
            }),
        );
        copy.set_read_timeout(None).expect("a socket has timeouts");
        let reading = go!(move || {
            let mut byte = [0];
            copy.read_exact(&mut byte).map(|()| byte)
        });
        server.write_all(b"y").expect("the other side is there");
        assert_eq!(join("a read", reading).expect("a byte has come"), *b"y");
    }
}

#[test]
fn data_that_arrives_with_the_timeout_is_not_lost() {
    one_worker();
    for _ in 0..50 {
        let (mut client, mut server) = pair();
        client
            .set_read_timeout(Some(Duration::from_millis(1)))
            .expect("a socket has timeouts");
        let reading = go!(move || {
            let mut byte = [0];
            loop {
                match client.read(&mut byte) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    result => return result.map(|count| (count, byte)),
                }
            }
        });
        thread::sleep(Duration::from_millis(1));
        server.write_all(b"z").expect("the other side is there");
        assert_eq!(
            join("a read", reading).expect("a byte has come"),
            (1, *b"z")
        );
    }
}

#[test]
fn rustix_bypasses_the_patch() {
    one_worker();
    // Counts how often another coroutine wakes while one sleeps.
    let turns = |sleep: fn()| {
        let (turns, over) = (
            Arc::new(AtomicU64::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let (counted, until_over) = (Arc::clone(&turns), Arc::clone(&over));
        let other = go!(move || {
            while !until_over.load(Ordering::SeqCst) {
                counted.fetch_add(1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(1));
            }
        });
        let sleeping = go!(move || {
            let before = turns.load(Ordering::SeqCst);
            sleep();
            let after = turns.load(Ordering::SeqCst);
            over.store(true, Ordering::SeqCst);
            after - before
        });
        let count = join("the sleep", sleeping);
        join("the other", other);
        count
    };
    let patched = turns(|| thread::sleep(Duration::from_millis(30)));
    assert!(patched > 0, "the patched sleep has kept the worker");
    let around = turns(|| {
        let time = rustix::thread::Timespec {
            tv_sec: 0,
            tv_nsec: 30_000_000,
        };
        let _ = rustix::thread::nanosleep(&time);
    });
    assert_eq!(around, 0, "rustix's sleep let another coroutine run");
}
