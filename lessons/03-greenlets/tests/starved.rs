//! A coroutine that yields in a loop lets others run, but not all of them. A program of
//! its own, for the number of workers is the program's.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use may::{coroutine, go};

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn who_yields_in_a_loop_keeps_a_worker_from_what_threads_start() {
    may::config().set_workers(1);
    let (stop, (running, runs)) = (Arc::new(AtomicBool::new(false)), mpsc::channel());
    let until = stop.clone();
    let looping = go!(move || {
        let _ = running.send(());
        while !until.load(Ordering::SeqCst) {
            coroutine::yield_now();
        }
    });
    runs.recv_timeout(PATIENCE)
        .expect("the first coroutine runs");
    let (ran, second) = mpsc::channel();
    let started = go!(move || ran.send(()));
    // Nothing to wait for but time: that which must not happen would happen in a moment.
    thread::sleep(Duration::from_millis(100));
    assert!(
        second.try_recv().is_err(),
        "it ran beside one that yields in a loop: chapter 3 says otherwise"
    );
    stop.store(true, Ordering::SeqCst);
    second
        .recv_timeout(PATIENCE)
        .expect("it runs when the loop has ended");
    looping.join().expect("it does not panic");
    started
        .join()
        .expect("it does not panic")
        .expect("somebody listens");
}
