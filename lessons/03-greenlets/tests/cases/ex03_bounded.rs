//! What a `Bounded` has to do. The sections are those of chapter 3.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use may::coroutine::{JoinHandle, yield_now};
use may::go;
use may::sync::Semphore;

use super::subject::Bounded;
use crate::support::{on_one_worker, same};

/// The end of most messages.
const SECTION: &str = "See \"A queue that can be closed\".";

/// Starts a coroutine and returns when it waits, or has ended.
fn start<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let starts = Arc::new(Semphore::new(0));
    let started = starts.clone();
    let handle = go!(move || {
        starts.post();
        work()
    });
    // On one worker this resumes after the other coroutine has stopped.
    started.wait();
    handle
}

/// What a coroutine returned.
fn join<T>(handle: JoinHandle<T>) -> T {
    handle
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[test]
fn first_in_first_out() {
    let yours = on_one_worker("there is room for all three items.", || {
        let queue = Bounded::new(3);
        let put = ["tea", "milk", "sugar"].map(|item| queue.put(item).is_ok());
        (put, [queue.take(), queue.take(), queue.take()])
    });
    same(
        yours,
        ([true; 3], [Some("tea"), Some("milk"), Some("sugar")]),
        "items come out in order. See \"A queue that can be closed\".",
    );
}

#[test]
fn put_wakes_a_waiting_consumer() {
    let hint = "a `put` has to wake a coroutine that waits in `take`. \
                See \"A queue that can be closed\".";
    let yours = on_one_worker(hint, || {
        let queue = Arc::new(Bounded::new(1));
        let from = queue.clone();
        let consumer = start(move || [from.take(), from.take()]);
        let put = [queue.put(1), queue.put(2)];
        (put, join(consumer))
    });
    same(yours, ([Ok(()); 2], [Some(1), Some(2)]), hint);
}

#[test]
fn put_waits_while_the_queue_is_full() {
    let hint = "a `take` has to wake a coroutine that waits in `put`. \
                See \"A queue that can be closed\".";
    let ahead = on_one_worker(hint, || {
        let queue = Arc::new(Bounded::new(3));
        let put = Arc::new(AtomicUsize::new(0));
        let (to, count) = (queue.clone(), put.clone());
        let producer = start(move || {
            for number in 0..8 {
                if to.put(number).is_ok() {
                    count.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        // How many items are in the queue, before each `take`.
        let ahead: Vec<_> = (0..8)
            .map(|taken| {
                let ahead = put.load(Ordering::SeqCst) - taken;
                queue.take();
                // The producer runs now, if it was woken.
                yield_now();
                ahead
            })
            .collect();
        join(producer);
        ahead
    });
    same(
        ahead,
        vec![3, 3, 3, 3, 3, 3, 2, 1],
        "how many of 8 items were in a queue with 3 places, before each `take`. \
         See \"A queue that can be closed\".",
    );
}

#[test]
fn every_item_is_taken_once() {
    let hint = "a producer or a consumer is never woken. \
                See \"A queue that can be closed\".";
    let sum = on_one_worker(hint, || {
        let queue = Arc::new(Bounded::new(2));
        let producers: Vec<_> = (0..4)
            .map(|producer| {
                let queue = queue.clone();
                go!(move || for number in 0..250_u64 {
                    let _ = queue.put(producer * 250 + number);
                })
            })
            .collect();
        let consumers: Vec<_> = (0..4)
            .map(|_| {
                let queue = queue.clone();
                go!(move || std::iter::from_fn(|| queue.take()).sum::<u64>())
            })
            .collect();
        producers.into_iter().for_each(join);
        queue.close();
        consumers.into_iter().map(join).sum::<u64>()
    });
    same(
        sum,
        (0..1000).sum(),
        "the sum of 1,000 items from four producers, by four consumers. \
         See \"A queue that can be closed\".",
    );
}

#[test]
fn two_puts_wake_two_consumers() {
    let hint = "two consumers wait, two items are there. \
                See \"A queue that can be closed\".";
    let mut yours = on_one_worker(hint, || {
        let queue = Arc::new(Bounded::new(3));
        let consumers = [(); 2].map(|()| {
            let queue = queue.clone();
            start(move || queue.take())
        });
        let put = [queue.put(1), queue.put(2)];
        assert_eq!(put, [Ok(()); 2], "`put` refused an item of an open queue");
        consumers.map(join)
    });
    yours.sort_unstable();
    same(yours, [Some(1), Some(2)], hint);
}

#[test]
fn two_takes_wake_two_producers() {
    let hint = "two producers wait, two places are free. \
                See \"A queue that can be closed\".";
    let yours = on_one_worker(hint, || {
        let queue = Arc::new(Bounded::new(2));
        let first = [queue.put(1), queue.put(2)];
        assert_eq!(first, [Ok(()); 2], "`put` refused an item of an open queue");
        let producers = [3, 4].map(|item| {
            let queue = queue.clone();
            start(move || queue.put(item))
        });
        let taken = [queue.take(), queue.take()];
        (taken, producers.map(join))
    });
    same(yours, ([Some(1), Some(2)], [Ok(()); 2]), hint);
}

#[test]
fn a_consumer_that_wakes_too_late_waits_again() {
    let yours = on_one_worker(SECTION, || {
        let queue = Arc::new(Bounded::new(1));
        let from = queue.clone();
        let consumer = start(move || from.take());
        // Wakes the consumer, and takes the item before it runs.
        let put = queue.put(1);
        let quicker = queue.take();
        // Now the consumer runs, and finds the queue empty again.
        yield_now();
        (put, quicker, queue.put(2), join(consumer))
    });
    same(
        yours,
        (Ok(()), Some(1), Ok(()), Some(2)),
        "the item that woke a consumer was gone when it ran: check again after every \
         wait. See \"A queue that can be closed\".",
    );
}

#[test]
fn a_producer_that_wakes_too_late_waits_again() {
    let yours = on_one_worker(SECTION, || {
        let queue = Arc::new(Bounded::new(1));
        let first = queue.put(1);
        let to = queue.clone();
        let producer = start(move || to.put(2));
        // Wakes the producer, and fills the queue before it runs.
        let taken = queue.take();
        let quicker = queue.put(3);
        yield_now();
        let too_early = producer.is_done();
        let then = [queue.take(), queue.take()];
        (first, taken, quicker, too_early, then, join(producer))
    });
    same(
        yours,
        (Ok(()), Some(1), Ok(()), false, [Some(3), Some(2)], Ok(())),
        "the place that woke a producer was taken when it ran: check again after every \
         wait. See \"A queue that can be closed\".",
    );
}

#[test]
fn a_closed_queue_refuses_items_and_returns_the_rest() {
    let hint = "nothing waits for a closed queue. See \"A queue that can be closed\".";
    let yours = on_one_worker(hint, || {
        let queue = Bounded::new(3);
        let put = [queue.put("tea"), queue.put("milk")];
        queue.close();
        let refused = queue.put("sugar");
        let taken = [queue.take(), queue.take(), queue.take(), queue.take()];
        (put, refused, taken)
    });
    same(
        yours,
        (
            [Ok(()); 2],
            Err("sugar"),
            [Some("tea"), Some("milk"), None, None],
        ),
        "a closed queue returns the item to `put`, and to `take` first its items, then \
         `None`. See \"A queue that can be closed\".",
    );
}

#[test]
fn close_wakes_every_consumer() {
    let hint = "`close` has to wake every coroutine that waits in `take`. \
                See \"A queue that can be closed\".";
    let yours = on_one_worker(hint, || {
        let queue = Arc::new(Bounded::<u8>::new(1));
        let consumers = [(); 3].map(|()| {
            let queue = queue.clone();
            start(move || queue.take())
        });
        queue.close();
        consumers.map(join)
    });
    same(yours, [None; 3], hint);
}

#[test]
fn close_wakes_every_producer() {
    let hint = "`close` has to wake every coroutine that waits in `put`, and each has to \
                get its item back. See \"A queue that can be closed\".";
    let yours = on_one_worker(hint, || {
        let queue = Arc::new(Bounded::new(1));
        let first = queue.put(0);
        let producers = [1, 2, 3].map(|number| {
            let queue = queue.clone();
            start(move || queue.put(number))
        });
        queue.close();
        (first, producers.map(join))
    });
    same(yours, (Ok(()), [Err(1), Err(2), Err(3)]), hint);
}

#[test]
fn a_waiting_coroutine_leaves_its_worker_free() {
    let hint = "while a coroutine waits in `take` or `put`, others run: wait on a \
                `may::sync::Condvar`. See \"crossbeam's channels\".";
    let yours = on_one_worker(hint, || {
        let (empty, full) = (Arc::new(Bounded::new(1)), Arc::new(Bounded::new(1)));
        let (from, to) = (empty.clone(), full.clone());
        let first = full.put(1);
        let consumer = start(move || from.take());
        let producer = start(move || to.put(2));
        // A new coroutine runs when no other is ready to run.
        let other = go!(|| 7).join().ok();
        let taken = full.take();
        let last = empty.put(3);
        (first, other, taken, last, join(consumer), join(producer))
    });
    same(
        yours,
        (Ok(()), Some(7), Some(1), Ok(()), Some(3), Ok(())),
        hint,
    );
}
