//! The rules for an executor, one per case. Sections are those of chapter 5.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::thread;

use super::subject::Executor;

type Wakers = Rc<RefCell<Vec<Waker>>>;

/// A task that stores its waker at each poll, and ends at poll number `last`.
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
fn a_new_task_is_polled() {
    let mut executor = Executor::default();
    let (polls, wakers) = (Rc::default(), Wakers::default());
    executor.spawn(task(&polls, &wakers, 9));
    assert_eq!(
        polls.get(),
        0,
        "`spawn` polled the task: it only adds it. See \"A future does nothing by itself\"."
    );
    assert_eq!(
        executor.run_ready(),
        1,
        "A new task is ready, and `run_ready` polls it. See \"An executor in forty lines\"."
    );
    assert_eq!(
        polls.get(),
        1,
        "One call of `run_ready` polls a ready task once. See \"An executor in forty lines\"."
    );
    assert_eq!(
        executor.run_ready(),
        0,
        "The task has not been woken since its poll, so nothing is ready. See \"An executor in forty lines\"."
    );
    assert_eq!(
        executor.len(),
        1,
        "The task is pending, so it has not ended. See \"An executor in forty lines\"."
    );
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
            "The task was woken again (poll number: yours, wanted). See \"An executor in forty lines\"."
        );
    }
}

#[test]
fn a_task_woken_twice_is_polled_once() {
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
        "One task was woken twice: it is polled once. See \"An executor in forty lines\"."
    );
    assert_eq!(
        (polls.get(), executor.run_ready()),
        (2, 0),
        "One task was spawned, then woken twice: it has been polled 2 times, and is not ready \
         now. See \"An executor in forty lines\"."
    );
}

#[test]
fn a_task_woken_during_its_poll_is_ready_again() {
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
        "The task was woken during its poll, so it is ready again. See \"An executor in forty lines\"."
    );
    assert_eq!(
        (polls.get(), executor.len()),
        (2, 0),
        "The task ends at its second poll (polls, tasks left). See \"An executor in forty lines\"."
    );
}

#[test]
fn a_task_that_wakes_itself_waits_for_the_next_call() {
    let mut executor = Executor::default();
    let (polls, other) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let count = polls.clone();
    executor.spawn(poll_fn(move |context| {
        count.set(count.get() + 1);
        // So that an executor that polls it again and again still ends.
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
        "Two tasks were ready, and the first wakes itself (polled; polls of the first; polls \
         of the second). See \"An executor in forty lines\"."
    );
    assert_eq!(
        (executor.run_ready(), polls.get()),
        (1, 2),
        "The first task has woken itself, so it is ready again. See \"An executor in forty lines\"."
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
        "The tasks were spawned in this order. See \"An executor in forty lines\"."
    );
    for index in [2, 0, 1] {
        wakers.borrow()[index].wake_by_ref();
    }
    executor.run_ready();
    assert_eq!(
        order.take(),
        ["c", "a", "b"],
        "The tasks were woken in this order. See \"An executor in forty lines\"."
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
        "The task has not been polled, so it has not ended. See \"An executor in forty lines\"."
    );
    executor.run_ready();
    assert_eq!(
        executor.len(),
        0,
        "The task has ended. See \"An executor in forty lines\"."
    );
    assert_eq!(
        Rc::strong_count(&owned),
        1,
        "The task has ended, and something still owns what it owned: drop the task. See \
         \"An executor in forty lines\"."
    );
}

#[test]
fn waking_an_ended_task_does_nothing() {
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
        "A task that has ended was woken, and polled again. See \"An executor in forty lines\"."
    );
    assert_eq!(
        others.get(),
        1,
        "The waker of an ended task has woken a newer task. See \"An executor in forty lines\"."
    );
}

#[test]
fn run_ready_returns_how_many_it_polled() {
    let mut executor = Executor::default();
    assert_eq!(
        executor.run_ready(),
        0,
        "There is no task to poll. See \"An executor in forty lines\"."
    );
    let (polls, wakers) = (Rc::default(), Wakers::default());
    executor.spawn(task(&polls, &wakers, 1));
    executor.spawn(task(&Rc::default(), &Wakers::default(), 1));
    assert_eq!(
        executor.run_ready(),
        2,
        "Two new tasks are ready. See \"An executor in forty lines\"."
    );
    wakers.borrow()[0].wake_by_ref();
    assert_eq!(
        executor.run_ready(),
        0,
        "Only a task that has ended was woken, so nothing is polled. See \"An executor in forty lines\"."
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
        "Another thread has woken the task, so it is ready. See \"An executor in forty lines\"."
    );
}

#[test]
fn a_task_woken_by_another_waits_for_the_next_call() {
    let mut executor = Executor::default();
    let (polls, wakers) = (Rc::new(Cell::new(0)), Wakers::default());
    executor.spawn(task(&polls, &wakers, 9));
    executor.run_ready();
    let waker = wakers.borrow()[0].clone();
    executor.spawn(poll_fn(move |_| {
        waker.wake_by_ref();
        Poll::Ready(())
    }));
    assert_eq!(
        (executor.run_ready(), polls.get()),
        (1, 1),
        "The second task was ready and woke the first, which waits for the next call \
         (polled; polls of the first). See \"An executor in forty lines\"."
    );
    assert_eq!(
        (executor.run_ready(), polls.get()),
        (1, 2),
        "The first task was woken in the last call (polled; its polls). See \"An executor in forty lines\"."
    );
}

#[test]
fn an_ended_task_is_dropped_before_the_next_is_polled() {
    let mut executor = Executor::default();
    let owned = Rc::new(());
    let (held, owners) = (owned.clone(), Rc::new(Cell::new(0)));
    executor.spawn(poll_fn(move |_| {
        let _ = &held;
        Poll::Ready(())
    }));
    let seen = owners.clone();
    executor.spawn(poll_fn(move |_| {
        seen.set(Rc::strong_count(&owned));
        Poll::Ready(())
    }));
    executor.run_ready();
    assert_eq!(
        owners.get(),
        1,
        "When the second task was polled, the first had ended and still owned its things: \
         drop a task as soon as it has ended. See \"An executor in forty lines\"."
    );
}
