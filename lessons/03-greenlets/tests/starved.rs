//! A coroutine that yields in a loop lets others run, but not all of them. A test program
//! for itself, because the number of workers belongs to the process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use may::{coroutine, go};

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_yielding_loop_starves_coroutines_that_threads_start() {
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
    // There is no event to wait for: if the second one ran, it would be within this time.
    thread::sleep(Duration::from_millis(100));
    assert!(
        second.try_recv().is_err(),
        "it ran although another coroutine yields in a loop: chapter 3 says otherwise"
    );
    stop.store(true, Ordering::SeqCst);
    second
        .recv_timeout(PATIENCE)
        .expect("it runs when the loop has ended");
    looping.join().expect("it does not panic");
    started
        .join()
        .expect("it does not panic")
        .expect("there is a receiver");
}
