//! The loop's promises to its callbacks.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use event_loop::{
    Disk, Interest, Poller, Reactor, Ready, Source, Token, Trigger, best_poller,
};

use crate::common::{SOON, pair, reactors, turn_until, within};

/// A loop whose clock the test sets.
fn by_hand() -> (Reactor, Rc<Cell<Instant>>) {
    let hand = Rc::new(Cell::new(Instant::now()));
    let clock = hand.clone();
    let reactor =
        Reactor::with(best_poller().expect("a descriptor is left"), move || {
            clock.get()
        });
    (reactor.expect("a descriptor is left"), hand)
}

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

#[test]
fn a_callback_is_called_when_its_source_is_ready() {
    for mut reactor in reactors() {
        let (client, server) = pair();
        let heard = Rc::new(RefCell::new(Vec::new()));
        let (place, source) = (heard.clone(), server.clone());
        let on_ready = move |_: &mut Reactor, _| {
            let mut buffer = [0; 64];
            let count = (&*server).read(&mut buffer).expect("it is ready");
            place.borrow_mut().extend_from_slice(&buffer[..count]);
        };
        reactor
            .register(source, Interest::READABLE, Trigger::Level, on_ready)
            .expect("it is new");
        assert_eq!(
            reactor.turn(Some(Duration::ZERO)).expect("a turn"),
            0,
            "nothing has come"
        );
        (&*client).write_all(b"hello").expect("it is connected");
        turn_until(&mut reactor, "five bytes", || *heard.borrow() == b"hello");
    }
}

#[test]
fn a_ready_source_that_is_deregistered_is_not_called() {
    for mut reactor in reactors() {
        // Two sources are ready in the same wait. The callback that runs first
        // deregisters both.
        let tokens: Rc<RefCell<Vec<Token>>> = Rc::default();
        let called = Rc::new(Cell::new(0));
        let mut clients = Vec::new();
        for _ in 0..2 {
            let (client, server) = pair();
            let (tokens_too, called) = (tokens.clone(), called.clone());
            let on_ready = move |reactor: &mut Reactor, _| {
                called.set(called.get() + 1);
                for token in tokens_too.take() {
                    reactor.deregister(token).expect("both are watched");
                }
            };
            let token = reactor.register(
                server.clone(),
                Interest::READABLE,
                Trigger::Level,
                on_ready,
            );
            tokens.borrow_mut().push(token.expect("it is new"));
            (&*client).write_all(b"x").expect("it is connected");
            // Both have to be ready before the loop waits.
            let mut byte = [0];
            let deadline = Instant::now() + SOON;
            while server.peek(&mut byte).is_err() {
                assert!(Instant::now() < deadline, "a byte does not arrive");
                thread::yield_now();
            }
            clients.push(client);
        }
        turn_until(&mut reactor, "one of them", || called.get() > 0);
        reactor.turn(Some(Duration::ZERO)).expect("a turn");
        assert_eq!(
            called.get(),
            1,
            "{}: the other was taken off",
            reactor.poller_name()
        );
        assert_eq!(reactor.sources(), 0);
    }
}

#[test]
fn a_slot_that_is_used_again_has_another_token() {
    let mut reactor = Reactor::new().expect("a descriptor is left");
    let (_client, server) = pair();
    let register = |reactor: &mut Reactor| {
        reactor
            .register(
                server.clone(),
                Interest::READABLE,
                Trigger::Level,
                |_, _| {},
            )
            .expect("it is new")
    };
    let old = register(&mut reactor);
    reactor.deregister(old).expect("it is watched");
    let new = register(&mut reactor);
    assert_ne!(old, new);
    let error = reactor.deregister(old).map_err(|error| error.kind());
    assert_eq!(
        error,
        Err(ErrorKind::NotFound),
        "the old token must not take the new source off"
    );
    reactor.deregister(new).expect("it is watched");
}

#[test]
fn timers_are_called_in_the_order_of_their_deadlines() {
    let (mut reactor, hand) = by_hand();
    let begin = hand.get();
    let order = Rc::new(RefCell::new(Vec::new()));
    for (name, delay) in [("c", 3), ("a", 1), ("b", 2), ("a too", 1)] {
        let order = order.clone();
        reactor.after(seconds(delay), move |_| order.borrow_mut().push(name));
    }
    hand.set(begin + seconds(1));
    reactor.turn(None).expect("a turn");
    assert_eq!(order.take(), ["a", "a too"]);
    hand.set(begin + seconds(100));
    reactor.turn(None).expect("a turn");
    assert_eq!(order.take(), ["b", "c"]);
    assert_eq!(reactor.timers(), 0);
}

#[test]
fn a_timer_can_be_cancelled_by_another_that_is_due_with_it() {
    let (mut reactor, hand) = by_hand();
    let called = Rc::new(RefCell::new(Vec::new()));
    let second = Rc::new(Cell::new(None));
    let (place, id) = (called.clone(), second.clone());
    reactor.after(seconds(1), move |reactor| {
        place.borrow_mut().push("first");
        assert!(
            reactor.cancel(id.take().expect("it is set")),
            "it had not been called yet"
        );
    });
    let place = called.clone();
    second.set(Some(
        reactor.after(seconds(2), move |_| place.borrow_mut().push("second")),
    ));
    hand.set(hand.get() + seconds(5));
    reactor.turn(None).expect("a turn");
    assert_eq!(called.take(), ["first"]);
}

#[test]
fn a_timer_that_sets_itself_again_waits_for_the_next_turn() {
    fn again(reactor: &mut Reactor, count: Rc<Cell<u32>>) {
        reactor.after(Duration::ZERO, move |reactor| {
            count.set(count.get() + 1);
            again(reactor, count);
        });
    }
    let (mut reactor, _hand) = by_hand();
    let count = Rc::new(Cell::new(0));
    again(&mut reactor, count.clone());
    for turns in 1..=5 {
        reactor.turn(None).expect("a turn");
        assert_eq!(count.get(), turns, "once in each turn");
    }
}

#[test]
fn most_timeouts_are_cancelled_and_do_not_stay_in_the_heap() {
    let mut timers = event_loop::Timers::default();
    let begin = Instant::now();
    for _ in 0..100_000 {
        let id = timers.set(begin + seconds(60), ());
        assert_eq!(timers.take(id), Some(()));
    }
    assert!(
        timers.is_empty() && timers.held() < 1000,
        "{} are held",
        timers.held()
    );
}

#[test]
fn another_thread_wakes_the_loop_and_runs_a_job_on_it() {
    for _ in 0..100 {
        let ours = within("a job that is posted", || {
            let mut reactor = Reactor::new().expect("a descriptor is left");
            let remote = reactor.remote();
            let (sender, result) = mpsc::channel();
            let other = thread::spawn(move || {
                remote.post(move |reactor| {
                    reactor.stop();
                    let _ = sender.send(thread::current().id());
                });
            });
            reactor.run().expect("nothing fails");
            other.join().expect("it does not panic");
            result.recv().expect("it was done") == thread::current().id()
        });
        assert!(ours, "the job ran in another thread");
    }
}

#[test]
fn no_wake_is_lost_between_two_turns() {
    // The thread posts only after the last job is done, so a lost wake is not made up for
    // by a later one.
    let done = within("20,000 jobs, one after the other", || {
        let mut reactor = Reactor::new().expect("a descriptor is left");
        let (remote, (sender, jobs)) = (reactor.remote(), mpsc::channel());
        let other = thread::spawn(move || {
            for round in 0..20_000 {
                let sender = sender.clone();
                remote.post(move |_| {
                    let _ = sender.send(());
                });
                // Spinning is quick, and a delay that grows meets the loop in each of its
                // steps.
                while jobs.try_recv().is_err() {
                    thread::yield_now();
                }
                for _ in 0..round % 500 {
                    std::hint::spin_loop();
                }
            }
            remote.post(Reactor::stop);
        });
        reactor.run().expect("nothing fails");
        other.join().is_ok()
    });
    assert!(done, "a job was not done");
}

#[test]
fn every_job_that_many_threads_post_is_done() {
    let done = within("8,000 jobs", || {
        let mut reactor = Reactor::new().expect("a descriptor is left");
        let (sender, jobs) = mpsc::channel();
        for number in 0..8 {
            let (remote, sender) = (reactor.remote(), sender.clone());
            thread::spawn(move || {
                for _ in 0..1000 {
                    let sender = sender.clone();
                    remote.post(move |_| {
                        let _ = sender.send(number);
                    });
                }
            });
        }
        let mut done = 0;
        while done < 8000 {
            reactor.turn(None).expect("a turn");
            done += jobs.try_iter().count();
        }
        done
    });
    assert_eq!(done, 8000);
}

#[test]
fn a_remote_outlives_its_loop() {
    let remote = Reactor::new().expect("a descriptor is left").remote();
    remote.wake();
    remote.post(|_| unreachable!("there is no loop"));
}

#[test]
fn the_loop_runs_while_the_disk_works() {
    let mut reactor = Reactor::new().expect("a descriptor is left");
    let disk = Disk::start(&reactor).expect("a thread is left");
    let (go, wait) = mpsc::channel();
    let (sender, result) = mpsc::channel();
    // The work finishes only after a timer has fired: a loop that waited for the disk
    // would hang.
    disk.run(
        move || wait.recv_timeout(SOON),
        move |_, waited| {
            let _ = sender.send(waited);
        },
    );
    reactor.after(Duration::from_millis(1), move |_| {
        let _ = go.send(());
    });
    let mut waited = None;
    turn_until(&mut reactor, "the disk's answer", || {
        waited = waited.or_else(|| result.try_recv().ok());
        waited.is_some()
    });
    assert_eq!(waited, Some(Ok(())), "the timer came too late");
}

#[test]
fn work_that_panics_does_not_end_the_disk() {
    let mut reactor = Reactor::new().expect("a descriptor is left");
    let disk = Disk::start(&reactor).expect("a thread is left");
    let (sender, result) = mpsc::channel();
    disk.run(
        || std::panic::resume_unwind(Box::new("no such block")),
        |_, ()| unreachable!("there is no result"),
    );
    disk.run(
        || 42,
        move |_, number| {
            let _ = sender.send(number);
        },
    );
    let mut number = None;
    turn_until(&mut reactor, "the second piece of work", || {
        number = number.or_else(|| result.try_recv().ok());
        number.is_some()
    });
    assert_eq!(number, Some(42));
}

#[test]
fn two_loops_in_one_process_are_independent() {
    let mut reactors = reactors();
    let called = Rc::new(Cell::new(0));
    let place = called.clone();
    reactors[0].after(Duration::ZERO, move |_| place.set(place.get() + 1));
    let mut other = Reactor::new().expect("a descriptor is left");
    assert_eq!(other.turn(Some(Duration::ZERO)).expect("a turn"), 0);
    assert_eq!(called.get(), 0);
    assert_eq!(reactors[0].turn(None).expect("a turn"), 1);
    assert_eq!(called.get(), 1);
}

/// A poller whose waits fail.
struct Broken;

impl Poller for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn add(&mut self, _: Token, _: Source, _: Interest, _: Trigger) -> io::Result<()> {
        Ok(())
    }

    fn change(&mut self, _: Token, _: Interest) -> io::Result<()> {
        Ok(())
    }

    fn remove(&mut self, _: Token) -> io::Result<()> {
        Ok(())
    }

    fn wait(&mut self, found: &mut Vec<Ready>, _: Option<Duration>) -> io::Result<()> {
        found.clear();
        Err(ErrorKind::OutOfMemory.into())
    }
}

#[test]
fn a_wait_that_fails_loses_no_job() {
    let mut reactor =
        Reactor::with(Box::new(Broken), Instant::now).expect("a descriptor is left");
    let (sender, done) = mpsc::channel();
    reactor.remote().post(move |_| {
        let _ = sender.send(());
    });
    let error = reactor.turn(None).map_err(|error| error.kind());
    assert_eq!(error, Err(ErrorKind::OutOfMemory));
    assert_eq!(done.try_recv(), Ok(()), "the job was dropped");
}
