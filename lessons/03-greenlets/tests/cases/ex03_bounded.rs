//! What a `Bounded` has to do. Sections are those of chapter 3.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use may::{coroutine, go};

use crate::subject::Bounded;

/// Nothing here takes so long unless somebody waits for ever.
const PATIENCE: Duration = Duration::from_secs(10);

/// Does something that may wait, and gives up on it.
fn patiently<T: Send + 'static>(
    why: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    may::config().set_stack_size(0x4000);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    receiver
        .recv_timeout(PATIENCE)
        .unwrap_or_else(|error| match error {
            mpsc::RecvTimeoutError::Timeout => {
                panic!("still waiting after {PATIENCE:?}: {why} See \"Queues\".")
            }
            mpsc::RecvTimeoutError::Disconnected => {
                panic!("it panicked: its message stands above.")
            }
        })
}

#[test]
fn first_in_first_out() {
    let came = patiently("there is room for all three.", || {
        let queue = Bounded::new(3);
        for thing in ["tea", "milk", "sugar"] {
            queue.put(thing).expect("it is open");
        }
        [queue.take(), queue.take(), queue.take()]
    });
    assert_eq!(
        came,
        [Some("tea"), Some("milk"), Some("sugar")],
        "in the order in which they came. See \"Queues\"."
    );
}

#[test]
fn all_that_is_put_in_is_taken_out() {
    let sum = patiently(
        "whoever waits is woken when a place or a thing is there.",
        || {
            let queue = Arc::new(Bounded::new(2));
            let makers: Vec<_> = (0..4)
                .map(|maker| {
                    let queue = queue.clone();
                    go!(move || (0..250_u64).for_each(|number| queue
                        .put(maker * 250 + number)
                        .expect("it is open")))
                })
                .collect();
            let takers: Vec<_> = (0..4)
                .map(|_| {
                    let queue = queue.clone();
                    go!(move || std::iter::from_fn(|| queue.take()).sum::<u64>())
                })
                .collect();
            for maker in makers {
                maker.join().expect("a maker does not panic");
            }
            queue.close();
            takers
                .into_iter()
                .map(|taker| taker.join().expect("a taker does not panic"))
                .sum::<u64>()
        },
    );
    assert_eq!(
        sum,
        (0..1000).sum(),
        "each thing comes out once. See \"Queues\"."
    );
}

#[test]
fn who_waits_for_a_thing_is_woken() {
    patiently("who waits in `take` is woken by `put`.", || {
        let queue = Arc::new(Bounded::new(1));
        let (from, (taken, answers)) = (queue.clone(), mpsc::channel());
        let taker = go!(move || {
            while let Some(number) = from.take() {
                taken.send(number).expect("somebody listens");
            }
        });
        for number in 0..20 {
            // Time for the taker to begin to wait, which it will in one of twenty rounds
            // at the least.
            thread::sleep(Duration::from_millis(1));
            queue.put(number).expect("it is open");
            assert_eq!(
                answers.recv(),
                Ok(number),
                "in their order. See \"Queues\"."
            );
        }
        queue.close();
        taker.join().expect("a taker does not panic");
    });
}

#[test]
fn a_full_queue_makes_wait() {
    let most = patiently("a place becomes free with each `take`.", || {
        let queue = Arc::new(Bounded::new(3));
        let ahead = Arc::new(AtomicUsize::new(0));
        let (to, count) = (queue.clone(), ahead.clone());
        let maker = go!(move || {
            for number in 0..100 {
                to.put(number).expect("it is open");
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        let mut most = 0;
        for _ in 0..100 {
            for _ in 0..20 {
                coroutine::yield_now();
            }
            thread::sleep(Duration::from_micros(50));
            most = most.max(ahead.load(Ordering::SeqCst));
            queue.take();
            ahead.fetch_sub(1, Ordering::SeqCst);
        }
        maker.join().expect("a maker does not panic");
        most
    });
    // One may have got in between our two lines.
    assert!(
        (2..=4).contains(&most),
        "up to {most} things were ahead, in a queue with 3 places. See \"Queues\"."
    );
}

#[test]
fn a_closed_queue_takes_nothing_and_gives_what_it_has() {
    let (refused, came) = patiently("a closed queue makes nobody wait.", || {
        let queue = Bounded::new(3);
        queue.put("tea").expect("it is open");
        queue.put("milk").expect("it is open");
        queue.close();
        (
            queue.put("sugar"),
            [queue.take(), queue.take(), queue.take(), queue.take()],
        )
    });
    assert_eq!(
        refused,
        Err("sugar"),
        "what is refused is given back. See \"Queues\"."
    );
    assert_eq!(
        came,
        [Some("tea"), Some("milk"), None, None],
        "first what is there, then the end. See \"Queues\"."
    );
}

#[test]
fn who_waits_for_a_thing_goes_on_when_it_closes() {
    let came = patiently("all who wait have to be woken by `close`.", || {
        let queue = Arc::new(Bounded::<u8>::new(1));
        let takers: Vec<_> = (0..3)
            .map(|_| {
                let queue = queue.clone();
                go!(move || queue.take())
            })
            .collect();
        thread::sleep(Duration::from_millis(20));
        queue.close();
        takers
            .into_iter()
            .map(|taker| taker.join().expect("a taker does not panic"))
            .collect::<Vec<_>>()
    });
    assert_eq!(came, [None; 3], "nothing came. See \"Queues\".");
}

#[test]
fn who_waits_for_a_place_goes_on_when_it_closes() {
    let refused = patiently("all who wait have to be woken by `close`.", || {
        let queue = Arc::new(Bounded::new(1));
        queue.put(0).expect("it is open");
        let makers: Vec<_> = (1..=3)
            .map(|number| {
                let queue = queue.clone();
                go!(move || queue.put(number))
            })
            .collect();
        thread::sleep(Duration::from_millis(20));
        queue.close();
        makers
            .into_iter()
            .map(|maker| maker.join().expect("a maker does not panic"))
            .collect::<Vec<_>>()
    });
    assert_eq!(
        refused,
        [Err(1), Err(2), Err(3)],
        "each gets its thing back. See \"Queues\"."
    );
}
