//! The trait that chooses how to wait, without a patch.

use std::io;
use std::time::{Duration, Instant};

use may::go;
use monkey_patching::choose::{Coroutines, Runtime, Threads, exchange, serve_one};

use crate::common::within;

fn ask<R: Runtime>() -> io::Result<Vec<u8>> {
    let address = serve_one::<R>()?;
    let begin = Instant::now();
    R::sleep(Duration::from_millis(5));
    assert!(
        begin.elapsed() >= Duration::from_millis(4),
        "the sleep was too short"
    );
    exchange(&mut R::connect(address)?, b"who waits?")
}

#[test]
fn the_same_code_runs_on_threads_and_in_coroutines() {
    let threads = within("the threads", ask::<Threads>).expect("the server answers");
    let coroutine = go!(ask::<Coroutines>);
    let coroutines = within("the coroutine", move || coroutine.join());
    let coroutines = coroutines
        .expect("it does not panic")
        .expect("the server answers");
    assert_eq!(
        (threads.as_slice(), coroutines.as_slice()),
        (&b"who waits?"[..], &b"who waits?"[..])
    );
}

#[test]
fn code_that_needs_only_read_and_write_works_without_a_socket() {
    let mut memory = io::Cursor::new(b"....pong".to_vec());
    assert_eq!(
        exchange(&mut memory, b"ping").expect("there is room"),
        b"pong"
    );
    assert!(
        exchange(&mut memory, b"ping").is_err(),
        "there are no more bytes to read"
    );
}
