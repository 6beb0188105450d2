//! What is only so with one worker thread, as in gevent: one test, since the number of workers is the process's.

use greenlets::{local, race};
use may::{coroutine, go};
use std::sync::{Arc, Mutex};

#[test]
fn one_worker_is_deterministic_and_still_races() {
    may::config().set_workers(1);

    // Three that take turns: the same order in every run.
    let order = || {
        let log = Arc::new(Mutex::new(Vec::new()));
        let started: Vec<_> = (0..3)
            .map(|number| {
                let log = log.clone();
                go!(move || {
                    for step in 0..3 {
                        log.lock().unwrap().push((number, step));
                        coroutine::yield_now();
                    }
                })
            })
            .collect();
        for one in started {
            one.join().unwrap();
        }
        let steps = log.lock().unwrap().clone();
        // Each one's own steps are in order, whatever the turns.
        for number in 0..3 {
            let own: Vec<_> = steps.iter().filter(|(one, _)| *one == number).map(|(_, step)| *step).collect();
            assert_eq!(own, [0, 1, 2]);
        }
        steps.len()
    };
    assert_eq!(order(), 9);

    assert_eq!(
        race::sell(1, 10, false),
        1,
        "without a wait between looking and taking there is no race on one worker"
    );
    assert_eq!(race::sell(1, 10, true), 10, "with one, all ten have looked before the first takes");
    assert_eq!(race::sell_locked(1, 10), 1);

    assert!(local::in_thread(100) > 0, "coroutines of one thread share its variables");
    assert_eq!(local::in_coroutine(100), 0);
}
