//! What `serve` has to do, each rule in one case. Sections are those of chapter 4.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use crate::subject::serve;

/// How long anything may take that has to happen at once.
const DEADLINE: Duration = Duration::from_secs(5);
/// A patience that no case waits for.
const PATIENT: Duration = Duration::from_secs(60);

type Outcomes = Vec<Result<u64, ErrorKind>>;

/// Starts `serve` in a thread; where it listens, and where its result comes.
fn start(clients: usize, patience: Duration) -> (SocketAddr, Receiver<Outcomes>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    let address = listener.local_addr().expect("it is bound");
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let outcomes =
            serve(&listener, clients, patience).expect("`accept` has no error here");
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

/// Sends `message` and reads as many bytes; in case of an error, why.
fn echoed(stream: &mut TcpStream, message: &str) -> Result<String, ErrorKind> {
    stream
        .write_all(message.as_bytes())
        .map_err(|error| error.kind())?;
    let mut bytes = vec![0; message.len()];
    stream
        .read_exact(&mut bytes)
        .map_err(|error| error.kind())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// All that comes until the end.
fn rest(stream: &mut TcpStream) -> Result<Vec<u8>, ErrorKind> {
    let mut rest = Vec::new();
    stream
        .read_to_end(&mut rest)
        .map(|_| rest)
        .map_err(|error| error.kind())
}

fn outcomes(receiver: &Receiver<Outcomes>) -> Outcomes {
    receiver.recv_timeout(DEADLINE).unwrap_or_else(|_| {
        panic!(
            "`serve` has not returned {DEADLINE:?} after its last client was done (or it panicked: see above). \
             See \"An end for every wait\"."
        )
    })
}

#[test]
fn what_is_sent_comes_back_at_once() {
    let (address, served) = start(1, PATIENT);
    let mut stream = client(address);
    for message in ["hello", "are you there?"] {
        assert_eq!(
            echoed(&mut stream, message),
            Ok(message.to_owned()),
            "The client waits for its {message:?} to come back before it says more. Answer what a read gave, at once. \
             See \"A stream has no messages\"."
        );
    }
    drop(stream);
    outcomes(&served);
}

#[test]
fn after_a_half_close_all_comes_back_and_then_the_end() {
    let (address, served) = start(1, PATIENT);
    let mut stream = client(address);
    let message: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    stream
        .write_all(&message)
        .expect("it fits the buffers of both kernels");
    stream.shutdown(Shutdown::Write).expect("it is open");
    let back = rest(&mut stream);
    assert!(
        back.as_ref() == Ok(&message),
        "100,000 bytes were sent and then the end; back came {:?}. A client that has no more to say still listens. \
         See \"Half a connection\".",
        back.map(|bytes| format!("{} bytes", bytes.len()))
    );
    outcomes(&served);
}

#[test]
fn a_silent_client_keeps_nobody_waiting() {
    let (address, served) = start(2, PATIENT);
    let silent = client(address);
    let mut stream = client(address);
    assert_eq!(
        echoed(&mut stream, "me first"),
        Ok("me first".to_owned()),
        "One client is connected and silent, and another one waits for it. Give each a thread. \
         See \"One thread a guest\"."
    );
    drop((silent, stream));
    outcomes(&served);
}

#[test]
fn who_is_done_is_closed_while_others_go_on() {
    let (address, served) = start(2, PATIENT);
    let mut first = client(address);
    let mut second = client(address);
    first.shutdown(Shutdown::Write).expect("it is open");
    assert_eq!(
        rest(&mut first),
        Ok(Vec::new()),
        "The first client has said its end and waits for ours. Drop its stream when it is done, not when all are. \
         See \"The end of a stream\"."
    );
    assert_eq!(
        echoed(&mut second, "hello"),
        Ok("hello".to_owned()),
        "The second client is not served after the first has gone. See \"One thread a guest\"."
    );
    drop(second);
    outcomes(&served);
}

#[test]
fn who_breaks_off_is_no_end_for_the_others() {
    let (address, served) = start(3, PATIENT);
    let mut rude = client(address);
    assert_eq!(
        echoed(&mut rude, "hello"),
        Ok("hello".to_owned()),
        "See \"A stream has no messages\"."
    );
    rustix::net::sockopt::set_socket_linger(&rude, Some(Duration::ZERO))
        .expect("it is open");
    drop(rude); // a reset
    let mut polite = client(address);
    assert_eq!(
        echoed(&mut polite, "still there?"),
        Ok("still there?".to_owned()),
        "One client broke off, and the next is not served. See \"Gone without a word\"."
    );
    drop(polite);
    drop(client(address));
    assert_eq!(
        outcomes(&served),
        [Err(ErrorKind::ConnectionReset), Ok(12), Ok(0)],
        "The first client's connection was reset, the second echoed 12 bytes, the third none: each has its own entry. \
         See \"Gone without a word\"."
    );
}

#[test]
fn who_is_silent_for_too_long_is_closed() {
    let (address, served) = start(1, Duration::from_millis(100));
    let mut silent = client(address);
    assert_eq!(
        rest(&mut silent),
        Ok(Vec::new()),
        "The patience is 100 ms and the client is silent: its connection has to be closed. \
         See \"An end for every wait\"."
    );
    assert_eq!(
        outcomes(&served),
        [Err(ErrorKind::TimedOut)],
        "A read that waited too long fails as `WouldBlock` on Linux; the result says `TimedOut`. \
         See \"An end for every wait\"."
    );
}

#[test]
fn who_never_reads_is_closed() {
    let (address, served) = start(1, Duration::from_millis(300));
    let (sender, closed) = mpsc::channel();
    thread::spawn(move || {
        let mut stream = client(address);
        // Fills the buffers on the way there and back; then the server closes and a write
        // fails.
        let much = vec![0; 64 * 1024];
        while stream.write_all(&much).is_ok() {}
        let _ = sender.send(());
    });
    assert!(
        closed.recv_timeout(DEADLINE * 2).is_ok(),
        "The client sends and never reads, so `write` waits for ever: it needs a timeout as `read` does. \
         See \"An end for every wait\"."
    );
    assert_eq!(
        outcomes(&served),
        [Err(ErrorKind::TimedOut)],
        "A write that waited too long is `TimedOut` too. See \"An end for every wait\"."
    );
}

#[test]
fn the_results_are_in_order_of_acceptance() {
    let (address, served) = start(3, PATIENT);
    let mut streams: Vec<_> = ["one", "three", ""]
        .iter()
        .map(|message| {
            let mut stream = client(address);
            assert_eq!(
                echoed(&mut stream, message),
                Ok((*message).to_owned()),
                "See \"One thread a guest\"."
            );
            stream
        })
        .collect();
    // They end in the opposite order, each after the one before has been closed.
    while let Some(mut stream) = streams.pop() {
        stream.shutdown(Shutdown::Write).expect("it is open");
        assert_eq!(
            rest(&mut stream),
            Ok(Vec::new()),
            "See \"The end of a stream\"."
        );
    }
    assert_eq!(
        outcomes(&served),
        [Ok(3), Ok(5), Ok(0)],
        "The clients came with 3, 5 and 0 bytes, and ended in the opposite order. Join the threads in the order in \
         which you started them. See \"One thread a guest\"."
    );
}

#[test]
fn serve_returns_after_as_many_clients_as_it_was_told() {
    let (_address, none) = start(0, PATIENT);
    assert_eq!(
        outcomes(&none),
        [],
        "For 0 clients there is nothing to wait for. See \"An end for every wait\"."
    );
    let (address, served) = start(1, PATIENT);
    drop(client(address));
    assert_eq!(
        outcomes(&served).len(),
        1,
        "One client came and went, and one was to be served. See \"An end for every wait\"."
    );
}
