//! What `serve` has to do, one rule per case. Sections are those of chapter 4.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use super::subject::serve;

/// The deadline of everything that has to happen without a wait.
const DEADLINE: Duration = Duration::from_secs(5);
/// A patience that no case waits for.
const PATIENT: Duration = Duration::from_secs(60);

type Outcomes = Vec<Result<u64, ErrorKind>>;

/// Starts `serve` in a thread. Returns its address and the channel for its result.
fn start(clients: usize, patience: Duration) -> (SocketAddr, Receiver<Outcomes>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    start_on(listener, clients, patience)
}

fn start_on(
    listener: TcpListener,
    clients: usize,
    patience: Duration,
) -> (SocketAddr, Receiver<Outcomes>) {
    let address = listener.local_addr().expect("it is bound");
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let outcomes = serve(&listener, clients, patience).unwrap_or_else(|error| {
            panic!(
                "`serve` returned the error {error}, although `accept` did not fail: one \
                 client's error became the server's. \
                 See \"How connections end: FIN, RST, silence\"."
            )
        });
        let _ = sender.send(
            outcomes
                .into_iter()
                .map(|one| one.map_err(|error| error.kind()))
                .collect(),
        );
    });
    (address, receiver)
}

fn client(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the listener is open");
    stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
    stream
}

/// What the client of a case saw, in words.
fn seen(error: std::io::Error) -> String {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            format!("nothing came back within {DEADLINE:?}")
        }
        ErrorKind::UnexpectedEof => "the server closed the connection".to_owned(),
        ErrorKind::ConnectionReset => "the connection was reset".to_owned(),
        _ => error.to_string(),
    }
}

/// Sends `message` and reads as many bytes.
fn echoed(stream: &mut TcpStream, message: &str) -> Result<String, String> {
    stream.write_all(message.as_bytes()).map_err(seen)?;
    let mut bytes = vec![0; message.len()];
    stream.read_exact(&mut bytes).map_err(seen)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Checks that `message` comes back at once.
fn check_echo(stream: &mut TcpStream, message: &str, why: &str) {
    let back = echoed(stream, message);
    assert!(
        back.as_deref() == Ok(message),
        "The client sent {message:?} and waits for it to come back: {}. {why}",
        back.map_or_else(|seen| seen, |other| format!("{other:?} came back"))
    );
}

/// Reads until end-of-file.
fn rest(stream: &mut TcpStream) -> Result<Vec<u8>, String> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).map_err(seen).map(|_| rest)
}

/// Checks that the server closes the connection and sends nothing first.
fn check_closed(stream: &mut TcpStream, why: &str) {
    let end = rest(stream);
    assert!(
        end.as_deref() == Ok(&[]),
        "{why} The client saw: {}.",
        end.map_or_else(|seen| seen, |bytes| format!("{} bytes", bytes.len()))
    );
}

fn outcomes(receiver: &Receiver<Outcomes>) -> Outcomes {
    receiver.recv_timeout(DEADLINE).unwrap_or_else(|_| {
        panic!(
            "`serve` has not returned {DEADLINE:?} after its last client left (or it \
             panicked: see above). See \"Timeouts\"."
        )
    })
}

fn check_outcomes(
    receiver: &Receiver<Outcomes>,
    wanted: &[Result<u64, ErrorKind>],
    why: &str,
) {
    let yours = outcomes(receiver);
    assert!(
        yours == wanted,
        "your result is {yours:?}, wanted {wanted:?}. {why}"
    );
}

#[test]
fn bytes_come_back_as_soon_as_they_arrive() {
    let (address, served) = start(1, PATIENT);
    let mut stream = client(address);
    for message in ["hello", "are you there?"] {
        check_echo(
            &mut stream,
            message,
            "Send back the bytes of each read before you read again. \
             See \"A stream has no messages\".",
        );
    }
    drop(stream);
    check_outcomes(
        &served,
        &[Ok(19)],
        "5 and 14 bytes were sent back. See \"A thread per client\".",
    );
}

#[test]
fn after_a_half_close_everything_comes_back_and_then_end_of_file() {
    let (address, served) = start(1, PATIENT);
    let mut stream = client(address);
    let message: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    stream
        .write_all(&message)
        .expect("it fits into the buffers of both kernels");
    stream.shutdown(Shutdown::Write).expect("it is open");
    let back = rest(&mut stream);
    assert!(
        back.as_ref() == Ok(&message),
        "The client sent 100,000 bytes of all values and half-closed. Back came {}. A \
         client that has half-closed still reads. See \"Half-close\".",
        match back {
            Ok(bytes) if bytes.len() == message.len() => "other bytes".to_owned(),
            Ok(bytes) => format!("{} bytes", bytes.len()),
            Err(seen) => format!("an error ({seen})"),
        }
    );
    outcomes(&served);
}

/// Waits until the other kernel has acknowledged that this client half-closed.
fn wait_until_half_closed(stream: &TcpStream) {
    if !cfg!(target_os = "linux") {
        return; // elsewhere the acknowledgement of the loopback network is fast enough
    }
    let port = stream.local_addr().expect("it is connected").port();
    let port = format!(":{port:04X}");
    let begin = Instant::now();
    loop {
        // Columns: number, local address, remote address, state. 05 is FIN_WAIT2.
        let sockets = fs::read_to_string("/proc/net/tcp").expect("Linux has it");
        let half_closed = sockets.lines().any(|socket| {
            let columns: Vec<_> = socket.split_whitespace().take(4).collect();
            matches!(columns[..], [_, local, _, "05"] if local.ends_with(&port))
        });
        if half_closed {
            return;
        }
        assert!(begin.elapsed() < DEADLINE, "the half-close does not arrive");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_client_that_half_closed_before_it_was_accepted_gets_everything_back() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    let mut stream = client(listener.local_addr().expect("it is bound"));
    let message = vec![b'a'; 20_000];
    stream
        .write_all(&message)
        .expect("it fits into the buffers of both kernels");
    stream.shutdown(Shutdown::Write).expect("it is open");
    wait_until_half_closed(&stream);
    let (_address, served) = start_on(listener, 1, PATIENT);
    let back = rest(&mut stream).map(|bytes| bytes.len());
    assert!(
        back == Ok(message.len()),
        "The client sent 20,000 bytes and half-closed before the server accepted it. Back \
         came {}. Send back everything that you have read before you close. \
         See \"Half-close\".",
        back.map_or_else(
            |seen| format!("an error ({seen})"),
            |count| format!("{count} bytes")
        )
    );
    outcomes(&served);
}

#[test]
fn a_silent_client_does_not_delay_the_others() {
    let (address, served) = start(2, PATIENT);
    let silent = client(address);
    let mut stream = client(address);
    check_echo(
        &mut stream,
        "me first",
        "Another client is connected and silent. Give each client a thread. \
         See \"A thread per client\".",
    );
    drop((silent, stream));
    outcomes(&served);
}

#[test]
fn a_client_is_served_before_the_next_one_comes() {
    let (address, served) = start(2, PATIENT);
    let mut first = client(address);
    check_echo(
        &mut first,
        "anyone?",
        "The second client has not connected yet. Start a client's thread as soon as \
         `accept` returns. See \"A thread per client\".",
    );
    drop((first, client(address)));
    outcomes(&served);
}

#[test]
fn a_finished_client_is_closed_while_others_continue() {
    let (address, served) = start(2, PATIENT);
    let mut first = client(address);
    let mut second = client(address);
    first.shutdown(Shutdown::Write).expect("it is open");
    check_closed(
        &mut first,
        "The first client half-closed and waits for the server to close. Drop its stream \
         when its conversation ends, not when all have. See \"End of file\".",
    );
    check_echo(
        &mut second,
        "hello",
        "The first client has left, and the second is not served. \
         See \"A thread per client\".",
    );
    drop(second);
    outcomes(&served);
}

#[test]
fn a_reset_of_one_client_does_not_affect_the_others() {
    let (address, served) = start(3, PATIENT);
    let mut rude = client(address);
    check_echo(&mut rude, "hello", "See \"A stream has no messages\".");
    rustix::net::sockopt::set_socket_linger(&rude, Some(Duration::ZERO))
        .expect("it is open");
    drop(rude); // a reset
    let mut polite = client(address);
    check_echo(
        &mut polite,
        "still there?",
        "The connection of the client before was reset. Serve the others all the same. \
         See \"How connections end: FIN, RST, silence\".",
    );
    drop(polite);
    drop(client(address));
    check_outcomes(
        &served,
        &[Err(ErrorKind::ConnectionReset), Ok(12), Ok(0)],
        "The first client's connection was reset, 12 bytes of the second and none of the \
         third were sent back: each has its own entry. \
         See \"How connections end: FIN, RST, silence\".",
    );
}

#[test]
fn a_client_that_sends_nothing_is_closed() {
    let (address, served) = start(1, Duration::from_millis(100));
    let mut silent = client(address);
    check_closed(
        &mut silent,
        "The patience is 100 ms and the client is silent: close its connection. \
         See \"Timeouts\".",
    );
    check_outcomes(
        &served,
        &[Err(ErrorKind::TimedOut)],
        "On Linux a read that waited too long fails with `WouldBlock`: change the kind \
         to `TimedOut`. See \"Timeouts\".",
    );
}

#[test]
fn a_client_that_speaks_in_time_is_kept() {
    let patience = Duration::from_secs(1);
    // On a busy machine this client can oversleep. Only a try in which it was in time
    // says anything about the server.
    for _ in 0..10 {
        let (address, _served) = start(1, patience);
        let mut stream = client(address);
        let mut in_time = true;
        let mut back = Ok(String::new());
        let mut last = Instant::now();
        for message in ["one", "two"] {
            thread::sleep(patience * 7 / 10);
            back = echoed(&mut stream, message);
            in_time &= last.elapsed() < patience * 19 / 20;
            last = Instant::now();
        }
        if in_time {
            assert!(
                back.as_deref() == Ok("two"),
                "The patience is {patience:?} and the client sends something every 0.7 \
                 s, but: {}. Each wait gets the whole patience, not the conversation. \
                 See \"Timeouts\".",
                back.unwrap_or_else(|seen| seen)
            );
            return;
        }
    }
    eprintln!("the machine is too busy: the client was never in time");
}

#[test]
fn a_client_that_never_reads_is_closed() {
    let (address, served) = start(1, Duration::from_millis(300));
    let mut deaf = client(address);
    deaf.set_write_timeout(Some(DEADLINE)).expect("not zero");
    let much = vec![b'a'; 64 * 1024];
    let begin = Instant::now();
    let error = loop {
        match deaf.write(&much) {
            Ok(_) => {}
            Err(error) => break error,
        }
        assert!(begin.elapsed() < DEADLINE, "the server reads without end");
    };
    assert!(
        !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        "The client sends and never reads, so the server's `write` waits forever: it \
         needs a timeout, as `read` does. See \"Timeouts\"."
    );
    check_outcomes(
        &served,
        &[Err(ErrorKind::TimedOut)],
        "A write that waited too long is `TimedOut` too. See \"Timeouts\".",
    );
}

#[test]
fn the_results_are_in_order_of_acceptance() {
    let (address, served) = start(3, PATIENT);
    let mut streams: Vec<_> = ["one", "three", ""]
        .iter()
        .map(|message| {
            let mut stream = client(address);
            check_echo(&mut stream, message, "See \"A thread per client\".");
            stream
        })
        .collect();
    // They end in the opposite order, each after the previous one has been closed.
    while let Some(mut stream) = streams.pop() {
        stream.shutdown(Shutdown::Write).expect("it is open");
        check_closed(
            &mut stream,
            "The client half-closed and waits for the server to close. \
             See \"End of file\".",
        );
    }
    check_outcomes(
        &served,
        &[Ok(3), Ok(5), Ok(0)],
        "The clients sent 3, 5 and 0 bytes and ended in the opposite order. Join the \
         threads in the order in which you started them. See \"A thread per client\".",
    );
}

#[test]
fn serve_returns_after_the_given_number_of_clients() {
    let (_address, none) = start(0, PATIENT);
    check_outcomes(
        &none,
        &[],
        "For 0 clients there is nothing to wait for. See \"A thread per client\".",
    );
    let (address, served) = start(1, PATIENT);
    drop(client(address));
    check_outcomes(
        &served,
        &[Ok(0)],
        "One client was to be served, and one came and left. \
         See \"A thread per client\".",
    );
}

#[test]
#[cfg(target_os = "linux")]
fn signals_lose_no_bytes() {
    use rustix::net::sockopt::{
        set_socket_recv_buffer_size, set_socket_send_buffer_size,
    };
    use rustix::net::{AddressFamily, SocketType, connect, socket};

    sockets::signals::catch().expect("a handler can be installed");
    // Small buffers, so that the server's writes are accepted in parts.
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    set_socket_send_buffer_size(&listener, 4096).expect("it is open");
    let (address, served) = start_on(listener, 1, PATIENT);
    let stream = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    set_socket_recv_buffer_size(&stream, 2048).expect("it is open");
    connect(&stream, &address).expect("the listener is open");
    let mut stream = TcpStream::from(stream);
    stream.set_read_timeout(Some(DEADLINE)).expect("not zero");

    // First while the server waits in a read, then while bytes are in flight.
    check_echo(&mut stream, "hello", "See \"A stream has no messages\".");
    for _ in 0..200 {
        interrupt_our_threads();
        thread::sleep(Duration::from_millis(1));
    }
    let message: Vec<u8> = (0..=250).cycle().take(300_000).collect();
    let sending = thread::spawn({
        let mut stream = stream.try_clone().expect("a second descriptor");
        let message = message.clone();
        move || {
            stream.write_all(&message)?;
            stream.shutdown(Shutdown::Write)
        }
    });
    let mut back = Vec::new();
    let mut piece = [0; 1000];
    loop {
        interrupt_our_threads();
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => back.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break, // the result says why
        }
    }
    let sent = sending.join().expect("no panic").is_ok();
    let why = "Signals interrupted the server's calls. A write can then be short, and a \
               read can fail with `Interrupted`. See \"Short writes\".";
    check_outcomes(&served, &[Ok(300_005)], why);
    assert!(
        sent && back == message,
        "The client sent 300,000 bytes, and {} came back{}. {why}",
        back.len(),
        if back.len() == message.len() {
            ", not the same ones"
        } else {
            ""
        }
    );
}

/// Sends `SIGUSR1` to every thread that this test has started: a thread without a name of
/// its own has the name of the thread that started it.
#[cfg(target_os = "linux")]
fn interrupt_our_threads() {
    use std::fs;

    let name = fs::read("/proc/thread-self/comm").expect("Linux has it");
    let this = rustix::thread::gettid().as_raw_nonzero().get();
    for task in fs::read_dir("/proc/self/task").expect("Linux has it") {
        let Ok(task) = task else { continue };
        let number = task.file_name().to_string_lossy().parse().unwrap_or(this);
        let same = fs::read(task.path().join("comm")).is_ok_and(|other| other == name);
        if number != this && same {
            // SAFETY: the call takes three numbers. A thread that has ended in the
            // meantime is an error, which does not matter here.
            unsafe {
                libc::syscall(
                    libc::SYS_tgkill,
                    rustix::process::getpid().as_raw_nonzero().get(),
                    number,
                    libc::SIGUSR1,
                )
            };
        }
    }
}
