//! Behavior on a single worker thread, as in gevent. One test, because the number of
//! workers belongs to the process.

use std::sync::{Arc, Mutex};

use greenlets::{local, race};
use may::{coroutine, go};

#[test]
fn one_worker_is_deterministic_and_still_races() {
    may::config().set_workers(1);

    // Three take turns. A fourth starts them: if this thread did, it would depend on the
    // kernel when each of them is there.
    let order = || {
        let starter = go!(|| {
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
            log.lock().unwrap().clone()
        });
        starter.join().unwrap()
    };
    let first = order();
    assert_eq!(first.len(), 9);
    assert!(
        (0..20).all(|_| order() == first),
        "one worker takes the same turns in each run"
    );

    assert_eq!(
        race::raise_twice(|| ()),
        2,
        "no other coroutine runs in between"
    );
    // From a coroutine, so that both are there before the first one runs.
    let raised = go!(|| race::raise_twice(coroutine::yield_now))
        .join()
        .unwrap();
    assert_eq!(raised, 1, "one yield between reading and writing is enough");
    assert_eq!(
        race::sell(1, 10, false),
        1,
        "without a wait between check and act there is no race on one worker"
    );
    assert_eq!(
        race::sell(1, 10, true),
        10,
        "with a wait, all ten check before the first one takes"
    );
    assert_eq!(race::sell_locked(1, 10), 1);

    assert!(
        local::in_thread(100) > 0,
        "coroutines of one thread share its variables"
    );
    assert_eq!(local::in_coroutine(100), 0);
}
