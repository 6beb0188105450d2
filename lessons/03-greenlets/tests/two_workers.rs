//! Behavior on several workers. One test, because the number of workers belongs to the
//! process.

#[path = "it/deadline/mod.rs"]
mod deadline;

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use deadline::in_time;
use greenlets::race::raise_twice;

#[test]
fn on_two_workers_an_update_is_lost_without_any_wait() {
    may::config().set_workers(2);
    // They meet as threads do: nothing in here lets another coroutine of the same worker
    // run, so both can be here at the same time only on two workers. If one worker gets
    // both of them, they miss each other, and the round does not count.
    let round = || {
        let (here, met) = (AtomicU32::new(0), AtomicU32::new(0));
        let raised = raise_twice(|| {
            let deadline = Instant::now() + Duration::from_millis(500);
            here.fetch_add(1, Ordering::SeqCst);
            while Instant::now() < deadline && here.load(Ordering::SeqCst) < 2 {
                thread::yield_now();
            }
            // Each of them saw the other, which had read by then; neither has written.
            met.fetch_add(
                u32::from(here.load(Ordering::SeqCst) == 2),
                Ordering::SeqCst,
            );
        });
        (met.into_inner() == 2, raised)
    };
    let raised = in_time("two coroutines that run at the same time", move || {
        loop {
            if let (true, raised) = round() {
                break raised;
            }
        }
    });
    assert_eq!(raised, 1, "both saw 0, both wrote 1");
}
