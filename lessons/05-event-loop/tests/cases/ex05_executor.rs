//! What an executor has to do, each rule in one case. Sections are those of chapter 5.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use crate::subject::{Executor, block_on};

/// Runs `work` in a thread of its own; says `what` was not done when it takes too long.
fn within<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    match receiver.recv_timeout(Duration::from_secs(10)) {
        Ok(value) => value,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{what} (nothing after 10 s)"),
        Err(mpsc::RecvTimeoutError::Disconnected) => panic!("{what} (it panicked)"),
    }
}

type Wakers = Rc<RefCell<Vec<Waker>>>;

/// A task that leaves its waker at each poll, and ends at the poll of this number.
fn task(
    polls: &Rc<Cell<u32>>,
    wakers: &Wakers,
    last: u32,
) -> impl Future<Output = ()> + use<> {
    let (polls, wakers) = (polls.clone(), wakers.clone());
    poll_fn(move |context| {
        polls.set(polls.get() + 1);
        wakers.borrow_mut().push(context.waker().clone());
        if polls.get() >= last {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
}

#[test]
fn block_on_gives_what_the_future_gives() {
    let value = within(
        "`block_on` of a future that is ready must return. See \"Forty lines\".",
        || block_on(async { 6 * 7 }),
    );
    assert_eq!(
        value, 42,
        "That is what the future gave. See \"Forty lines\"."
    );
}

#[test]
fn a_wake_before_the_sleep_is_not_lost() {
    let what = "The future wakes itself during its poll, before `block_on` sleeps: that wake was lost. \
                See \"Forty lines\".";
    within(what, || {
        let mut polls = 0;
        block_on(poll_fn(|context| {
            polls += 1;
            context.waker().wake_by_ref();
            if polls == 3 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }));
    });
}

#[test]
fn block_on_polls_as_often_as_it_is_woken() {
    let polls = within(
        "Another thread wakes the future five times. See \"Forty lines\".",
        || {
            let (sender, wakers) = mpsc::channel::<Waker>();
            thread::spawn(move || wakers.iter().for_each(Waker::wake));
            let mut polls = 0;
            block_on(poll_fn(move |context| {
                polls += 1;
                let _ = sender.send(context.waker().clone());
                if polls == 5 {
                    Poll::Ready(polls)
                } else {
                    Poll::Pending
                }
            }))
        },
    );
    assert_eq!(
        polls, 5,
        "The future is ready at its fifth poll. See \"Forty lines\"."
    );
}

#[test]
fn block_on_sleeps_until_it_is_woken() {
    let polls = within(
        "Another thread wakes the future after a while. See \"Forty lines\".",
        || {
            let polls = Arc::new(AtomicU32::new(0));
            let (counted, mut started) = (polls.clone(), false);
            let (sender, wakers) = mpsc::channel::<Waker>();
            let (over, done) = (Arc::new(AtomicU32::new(0)), 1);
            let ended = over.clone();
            thread::spawn(move || {
                let waker = wakers.recv();
                thread::sleep(Duration::from_millis(50));
                over.store(done, Ordering::SeqCst);
                waker.map(Waker::wake)
            });
            block_on(poll_fn(move |context| {
                counted.fetch_add(1, Ordering::SeqCst);
                if !std::mem::replace(&mut started, true) {
                    let _ = sender.send(context.waker().clone());
                }
                if ended.load(Ordering::SeqCst) == done {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            }));
            polls.load(Ordering::SeqCst)
        },
    );
    assert!(
        polls < 10,
        "The future was polled {polls} times in 50 ms and woken once: sleep in between. See \"Forty lines\"."
    );
}

#[test]
fn a_new_task_is_polled() {
    let mut executor = Executor::default();
    let (polls, wakers) = (Rc::default(), Wakers::default());
    executor.spawn(task(&polls, &wakers, 9));
    assert_eq!(
        polls.get(),
        0,
        "`spawn` only takes the task. See \"A future does nothing\"."
    );
    assert_eq!(
        executor.run_ready(),
        1,
        "A new task is ready. See \"Forty lines\"."
    );
    assert_eq!(
        polls.get(),
        1,
        "It was to be polled once. See \"Forty lines\"."
    );
    assert_eq!(
        executor.run_ready(),
        0,
        "Nobody has woken it since. See \"Forty lines\"."
    );
    assert_eq!(executor.len(), 1, "It has not ended. See \"Forty lines\".");
}

#[test]
fn a_task_is_polled_each_time_it_is_woken() {
    let mut executor = Executor::default();
    let (polls, wakers) = (Rc::default(), Wakers::default());
    executor.spawn(task(&polls, &wakers, 9));
    executor.run_ready();
    for time in 2..=4 {
        wakers.borrow()[0].wake_by_ref();
        executor.run_ready();
        assert_eq!(
            polls.get(),
            time,
            "It was woken again, so it is polled again. See \"Forty lines\"."
        );
    }
}

#[test]
fn woken_twice_is_polled_once() {
    let mut executor = Executor::default();
    let (polls, wakers) = (Rc::default(), Wakers::default());
    executor.spawn(task(&polls, &wakers, 9));
    executor.run_ready();
    for _ in 0..2 {
        let waker = wakers.borrow()[0].clone();
        waker.wake();
    }
    assert_eq!(
        executor.run_ready(),
        1,
        "Woken twice, it is in the queue once. See \"Forty lines\"."
    );
    assert_eq!(
        (polls.get(), executor.run_ready()),
        (2, 0),
        "And polled once (left: polls). See \"Forty lines\"."
    );
}

#[test]
fn woken_while_it_is_polled_is_ready_again() {
    let mut executor = Executor::default();
    let polls = Rc::new(Cell::new(0));
    let count = polls.clone();
    executor.spawn(poll_fn(move |context| {
        count.set(count.get() + 1);
        context.waker().wake_by_ref();
        if count.get() == 2 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }));
    executor.run_ready();
    assert_eq!(
        executor.run_ready(),
        1,
        "It was woken during its poll: look at it again. See \"Forty lines\"."
    );
    assert_eq!(
        (polls.get(), executor.len()),
        (2, 0),
        "It ends at its second poll. See \"Forty lines\"."
    );
}

#[test]
fn who_wakes_itself_waits_for_the_next_call() {
    let mut executor = Executor::default();
    let (polls, other) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let count = polls.clone();
    executor.spawn(poll_fn(move |context| {
        count.set(count.get() + 1);
        // An end, for an executor that would go on for ever.
        if count.get() == 100 {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }));
    executor.spawn(task(&other, &Wakers::default(), 1));
    assert_eq!(
        (executor.run_ready(), polls.get(), other.get()),
        (2, 1, 1),
        "Two were ready, each is polled once (polled; polls of the first, which wakes itself; of the second). \
         See \"Forty lines\"."
    );
    assert_eq!(
        (executor.run_ready(), polls.get()),
        (1, 2),
        "The first is ready again. See \"Forty lines\"."
    );
}

#[test]
fn ready_tasks_are_polled_in_order() {
    let mut executor = Executor::default();
    let order = Rc::new(RefCell::new(Vec::new()));
    let wakers = Wakers::default();
    for name in ["a", "b", "c"] {
        let (order, wakers) = (order.clone(), wakers.clone());
        executor.spawn(poll_fn(move |context| {
            order.borrow_mut().push(name);
            wakers.borrow_mut().push(context.waker().clone());
            Poll::Pending
        }));
    }
    executor.run_ready();
    assert_eq!(
        order.take(),
        ["a", "b", "c"],
        "They were spawned in this order. See \"Forty lines\"."
    );
    for index in [2, 0, 1] {
        wakers.borrow()[index].wake_by_ref();
    }
    executor.run_ready();
    assert_eq!(
        order.take(),
        ["c", "a", "b"],
        "They were woken in this order. See \"Forty lines\"."
    );
}

#[test]
fn a_task_that_has_ended_is_dropped() {
    let mut executor = Executor::default();
    let owned = Rc::new(());
    let held = owned.clone();
    // A future that is ready still owns what it captured, until it is dropped.
    executor.spawn(poll_fn(move |_| {
        let _ = &held;
        Poll::Ready(())
    }));
    assert_eq!(
        executor.len(),
        1,
        "It has not been polled. See \"Forty lines\"."
    );
    executor.run_ready();
    assert_eq!(executor.len(), 0, "It has ended. See \"Forty lines\".");
    assert_eq!(
        Rc::strong_count(&owned),
        1,
        "What the task owned is to be dropped with it. See \"Forty lines\"."
    );
}

#[test]
fn waking_what_has_ended_is_harmless() {
    let mut executor = Executor::default();
    let (polls, wakers) = (Rc::default(), Wakers::default());
    executor.spawn(task(&polls, &wakers, 1));
    executor.run_ready();
    let others = Rc::new(Cell::new(0));
    executor.spawn(task(&others, &Wakers::default(), 9));
    executor.run_ready();
    let old = wakers.borrow()[0].clone();
    old.wake();
    executor.run_ready();
    assert_eq!(
        polls.get(),
        1,
        "A task that has ended is never polled again. See \"Forty lines\"."
    );
    assert_eq!(
        others.get(),
        1,
        "The waker of an old task must not wake a new one. See \"Forty lines\"."
    );
}

#[test]
fn run_ready_says_how_many_it_polled() {
    let mut executor = Executor::default();
    assert_eq!(
        executor.run_ready(),
        0,
        "There is no task. See \"Forty lines\"."
    );
    let (polls, wakers) = (Rc::default(), Wakers::default());
    executor.spawn(task(&polls, &wakers, 1));
    executor.spawn(task(&Rc::default(), &Wakers::default(), 1));
    assert_eq!(
        executor.run_ready(),
        2,
        "Two new tasks are polled. See \"Forty lines\"."
    );
    wakers.borrow()[0].wake_by_ref();
    assert_eq!(
        executor.run_ready(),
        0,
        "The task that was woken has ended: nothing was polled. See \"Forty lines\"."
    );
}

#[test]
fn a_waker_works_from_another_thread() {
    let mut executor = Executor::default();
    let (polls, wakers) = (Rc::default(), Wakers::default());
    executor.spawn(task(&polls, &wakers, 9));
    executor.run_ready();
    let waker = wakers.borrow()[0].clone();
    let _ = thread::spawn(move || waker.wake()).join();
    assert_eq!(
        executor.run_ready(),
        1,
        "Another thread has woken the task. See \"Forty lines\"."
    );
}
