//! gevent's tools, each as the chapter describes it. Coroutines run on as many workers as
//! there are cores, so no test depends on which of them is quicker.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use greenlets::actor::{Stroke, ping_pong};
use greenlets::event::{AsyncResult, Event};
use greenlets::pool::{group, pool};
use greenlets::queue::Bounded;
use greenlets::race::raise_twice;
use greenlets::select::{First, first};
use greenlets::spawn::{Brewer, join_all};
use greenlets::{cancel, timeout, two_ways};
use may::sync::{Barrier, Condvar, Mutex, SyncFlag, mpsc};
use may::{coroutine, go};

use crate::deadline::{PATIENCE, in_time};

const LONG: Duration = Duration::from_secs(3600);

/// A panic in a debug build needs a stack of more than 32 KiB.
fn room_for_panics() {
    may::config().set_stack_size(0x4000);
}

#[test]
fn join_all_returns_results_in_order_and_panics_as_values() {
    room_for_panics();
    let handles = vec![
        go!(|| -> u8 {
            coroutine::sleep(Duration::from_millis(5));
            1
        }),
        go!(|| -> u8 { panic!("no tea left") }),
        go!(|| -> u8 { 3 }),
    ];
    assert_eq!(join_all(handles), [Ok(1), Err("no tea left".into()), Ok(3)]);
}

#[test]
fn a_value_with_a_run_method_is_a_greenlet() {
    let handle = Brewer {
        kind: "tea".into(),
        cups: 2,
    }
    .start()
    .unwrap();
    assert_eq!(handle.coroutine().name(), Some("tea"));
    assert_eq!(handle.join().unwrap(), ["tea 1", "tea 2"]);
}

#[test]
fn a_thousand_sleepers_sleep_together() {
    let start = Instant::now();
    join_all(
        (0..1_000)
            .map(|_| go!(|| coroutine::sleep(Duration::from_millis(100))))
            .collect(),
    );
    let elapsed = start.elapsed();
    assert!(elapsed >= Duration::from_millis(100));
    assert!(
        elapsed < Duration::from_secs(20),
        "one after another they would take 100 s, these took {elapsed:?}"
    );
}

/// Fires when it is dropped.
struct Gone(Arc<SyncFlag>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.fire();
    }
}

#[test]
fn work_that_takes_too_long_is_cancelled() {
    room_for_panics();
    let gone = Arc::new(SyncFlag::new());
    let held = Gone(gone.clone());
    let work = move || {
        coroutine::sleep(LONG);
        drop(held);
    };
    // SAFETY: the work only sleeps.
    let outcome = unsafe { timeout::within(Duration::from_millis(20), work) };
    assert_eq!(outcome, None);
    assert!(
        gone.wait_timeout(PATIENCE),
        "the values of the cancelled work were not dropped"
    );
    // SAFETY: the work does not wait at all.
    assert_eq!(unsafe { timeout::within(PATIENCE, || 42) }, Some(42));
}

#[test]
fn an_event_wakes_all_and_stays_set() {
    let event = Arc::new(Event::new());
    assert!(!event.wait_for(Duration::from_millis(5)), "it is not set");
    let waiting: Vec<_> = (0..5)
        .map(|_| {
            let event = event.clone();
            go!(move || event.wait_for(PATIENCE))
        })
        .collect();
    event.set();
    assert_eq!(join_all(waiting), vec![Ok(true); 5]);
    event.wait();
}

#[test]
fn an_async_result_is_set_once_for_all() {
    let result = Arc::new(AsyncResult::new());
    assert_eq!(result.get(Duration::from_millis(5)), None);
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let result = result.clone();
            go!(move || result.get(PATIENCE))
        })
        .collect();
    assert_eq!(result.set("tea"), Ok(()));
    assert_eq!(result.set("coffee"), Err("coffee"));
    assert_eq!(join_all(waiting), vec![Ok(Some("tea")); 3]);
}

#[test]
fn a_full_queue_makes_the_producer_wait() {
    in_time("a queue with two places", || {
        let queue = Arc::new(Bounded::new(2));
        let made = Arc::new(AtomicU32::new(0));
        let producer = {
            let (queue, made) = (queue.clone(), made.clone());
            go!(move || {
                for number in 0..100 {
                    queue.put(number);
                    made.fetch_add(1, Ordering::SeqCst);
                }
            })
        };
        for number in 0..100 {
            // Two places, and the item that was taken in the meantime.
            assert!(made.load(Ordering::SeqCst) <= number + 3);
            assert_eq!(queue.take(), number);
        }
        producer.join().unwrap();
    });
}

// ANCHOR: pot
/// A pot of tea: `take` waits until there is a cup.
#[derive(Default)]
struct Pot {
    cups: Mutex<u32>,
    poured: Condvar,
}

impl Pot {
    fn pour(&self) {
        *self.cups.lock().unwrap() += 1;
        self.poured.notify_one();
    }

    fn take(&self) {
        let mut cups = self.cups.lock().unwrap();
        while *cups == 0 {
            cups = self.poured.wait(cups).unwrap();
        }
        *cups -= 1;
    }
}
// ANCHOR_END: pot

#[test]
fn a_condition_variable_wakes_the_coroutine_that_waits_for_it() {
    let pot = Arc::new(Pot::default());
    let guests: Vec<_> = (0..3)
        .map(|_| {
            let pot = pot.clone();
            go!(move || pot.take())
        })
        .collect();
    for _ in 0..3 {
        pot.pour();
    }
    let served = in_time("three guests", move || join_all(guests));
    assert_eq!(served, vec![Ok(()); 3]);
}

#[test]
fn a_group_can_borrow_and_a_pool_holds_its_limit() {
    let numbers: Vec<u64> = (0..100).collect();
    let squares: Vec<u64> = numbers.iter().map(|number| number * number).collect();
    let most = in_time("a group and a pool", move || {
        assert_eq!(group(&numbers, |number| number * number), squares);
        let (now, most) = (AtomicU32::new(0), AtomicU32::new(0));
        let done = pool(3, &numbers, |number| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            coroutine::yield_now();
            now.fetch_sub(1, Ordering::SeqCst);
            number * number
        });
        assert_eq!(done, squares);
        most.into_inner()
    });
    assert!(most <= 3, "{most} at a time");
}

#[test]
fn a_job_that_panics_frees_its_place() {
    room_for_panics();
    let done = Arc::new(AtomicU32::new(0));
    let counted = done.clone();
    let outcome = in_time("a pool with one place", move || {
        std::panic::catch_unwind(move || {
            pool(1, &[0, 1, 2, 3, 4], |number| {
                assert_ne!(number, 0, "no tea left");
                counted.fetch_add(1, Ordering::SeqCst);
                number
            })
        })
    });
    assert!(outcome.is_err(), "the panic is not hidden");
    assert_eq!(done.load(Ordering::SeqCst), 4, "the others had a place");
}

#[test]
fn two_that_read_before_either_writes_lose_an_update() {
    let raised = in_time("two that meet", || {
        let both_looked = Barrier::new(2);
        raise_twice(|| {
            both_looked.wait();
        })
    });
    assert_eq!(raised, 1, "both saw 0, both wrote 1");
}

#[test]
fn select_returns_what_comes_first() {
    let (left, from_left) = mpsc::channel();
    let (right, from_right) = mpsc::channel();
    left.send(1).unwrap();
    assert_eq!(first(&from_left, &from_right, PATIENCE), First::Left(1));
    right.send(2).unwrap();
    assert_eq!(first(&from_left, &from_right, PATIENCE), First::Right(2));
    assert_eq!(
        first(&from_left, &from_right, Duration::from_millis(5)),
        First::Nothing
    );
    drop(left);
    assert_eq!(
        first(&from_left, &from_right, PATIENCE),
        First::Nothing,
        "a closed channel"
    );
}

#[test]
fn select_loses_no_message_when_both_come_at_once() {
    let all = in_time("all that was sent", || {
        let (left, from_left) = mpsc::channel();
        let (right, from_right) = mpsc::channel();
        let mut all = Vec::new();
        for number in 0..200 {
            left.send(number).unwrap();
            right.send(number + 1_000).unwrap();
            while all.len() < 2 * (number as usize + 1) {
                match first(&from_left, &from_right, PATIENCE) {
                    First::Left(one) | First::Right(one) => all.push(one),
                    First::Both(one, other) => all.extend([one, other]),
                    First::Nothing => return all,
                }
            }
        }
        all.sort_unstable();
        all
    });
    assert_eq!(all, (0..200).chain(1_000..1_200).collect::<Vec<u32>>());
}

#[test]
fn a_cancelled_coroutine_stops_at_its_wait() {
    room_for_panics();
    let sleeper = go!(|| coroutine::sleep(LONG));
    // SAFETY: it only sleeps.
    unsafe { cancel::cancel(&sleeper) };
    assert!(in_time("a cancelled coroutine", move || sleeper
        .join()
        .is_err()));
}

#[test]
fn a_cancelled_scope_does_not_wait_for_its_coroutines() {
    room_for_panics();
    let (inside, release) = (Arc::new(SyncFlag::new()), Arc::new(SyncFlag::new()));
    let (is_inside, until) = (inside.clone(), release.clone());
    let (sender, ended) = mpsc::channel();
    let parent = go!(move || coroutine::scope(|scope| {
        // It owns what it uses: if it borrowed from the scope, this test would read a
        // stack that is gone.
        go!(scope, move || {
            is_inside.fire();
            until.wait();
            let _ = sender.send("still here");
        });
    }));
    assert!(inside.wait_timeout(PATIENCE), "the inner coroutine runs");
    // SAFETY: it is inside a scope on purpose, and nothing borrows from its stack.
    unsafe { cancel::cancel(&parent) };
    assert!(in_time("a cancelled scope", move || parent.join().is_err()));
    release.fire();
    assert_eq!(
        ended.recv_timeout(PATIENCE),
        Ok("still here"),
        "the inner coroutine outlives the scope: that is why `cancel` is unsafe"
    );
}

#[test]
fn two_actors_play_without_sharing_state() {
    let (ann, bob) = in_time("a game of five strokes", || ping_pong(5).unwrap());
    assert_eq!(bob, [Stroke::Ping(1), Stroke::Ping(3), Stroke::Ping(5)]);
    assert_eq!(ann, [Stroke::Pong(2), Stroke::Pong(4)]);
}

#[test]
fn both_ways_make_the_same_tea() {
    assert_eq!(go!(|| two_ways::tea(3)).join().unwrap(), 3);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    assert_eq!(runtime.block_on(two_ways::tea_async(3)), 3);
    assert!(
        two_ways::future_size() < 1024,
        "a future has the size of what it remembers"
    );
}
