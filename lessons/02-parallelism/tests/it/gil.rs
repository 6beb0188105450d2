//! The lock and the interpreter, tested by counting and not by the clock.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parallelism::gate::Gate;
use parallelism::gil::{Gil, SWITCH_INTERVAL};
use parallelism::interpreter::{Fault, Op, busy, mixed, run, waiting};

#[test]
fn one_thread_at_a_time_is_inside() {
    let gil = Gil::new(Duration::from_millis(1));
    let (inside, most) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut held = gil.acquire();
                for _ in 0..2_000 {
                    most.fetch_max(
                        inside.fetch_add(1, Ordering::SeqCst) + 1,
                        Ordering::SeqCst,
                    );
                    inside.fetch_sub(1, Ordering::SeqCst);
                    held.yield_if_requested();
                }
            });
        }
    });
    assert_eq!(most.into_inner(), 1);
}

#[test]
fn a_busy_holder_hands_over_and_does_not_take_the_lock_back() {
    // Each of three computes until all have had several turns: if one kept the lock, the
    // others never would.
    let gil = Gil::new(Duration::from_millis(1));
    let turns: Vec<AtomicU32> = (0..3).map(|_| AtomicU32::new(0)).collect();
    let deadline = Instant::now() + Duration::from_secs(30);
    thread::scope(|scope| {
        for own in &turns {
            let (gil, turns) = (&gil, &turns);
            scope.spawn(move || {
                let mut held = gil.acquire();
                let mut last = 0;
                while turns.iter().any(|turns| turns.load(Ordering::SeqCst) < 5) {
                    assert!(Instant::now() < deadline, "turns so far: {turns:?}");
                    held.yield_if_requested();
                    let now = gil.switches();
                    if now != last {
                        own.fetch_add(1, Ordering::SeqCst);
                        last = now;
                    }
                }
            });
        }
    });
    assert!(gil.switches() >= 15);
}

#[test]
fn alone_the_lock_is_taken_once() {
    let gil = Gil::new(Duration::from_micros(1));
    run(&busy(10_000), Some(&gil)).unwrap();
    assert_eq!(gil.switches(), 1, "no other thread requested it");
}

#[test]
fn a_thread_that_waits_without_the_lock_lets_others_run() {
    // The first one waits until the second has run, without the lock: under it, both
    // would wait forever.
    let gil = Gil::new(SWITCH_INTERVAL);
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        let first = scope.spawn(|| {
            let mut held = gil.acquire();
            held.without(move || receiver.recv_timeout(Duration::from_secs(30)))
        });
        while gil.switches() == 0 {
            thread::yield_now();
        }
        let second = gil.acquire();
        sender.send(()).unwrap();
        drop(second);
        assert_eq!(first.join().unwrap(), Ok(()));
    });
}

#[test]
fn programs_compute_the_same_with_the_lock_and_without() {
    let gil = Gil::new(SWITCH_INTERVAL);
    for program in [
        busy(100),
        waiting(3, Duration::from_millis(1)),
        mixed(3, 10, Duration::from_millis(1)),
    ] {
        assert_eq!(run(&program, None), run(&program, Some(&gil)));
    }
    assert_eq!(run(&busy(100), None), Ok(1 + 5 * 100));
    assert_eq!(
        run(&mixed(3, 10, Duration::ZERO), None),
        Ok(1 + 3 * (1 + 5 * 10 + 2))
    );
}

#[test]
fn a_faulty_program_is_an_error_and_releases_the_lock() {
    let gil = Gil::new(SWITCH_INTERVAL);
    assert_eq!(run(&[Op::Add], Some(&gil)), Err(Fault::StackEmpty));
    assert_eq!(
        run(&[Op::Push(5), Op::Loop(9)], Some(&gil)),
        Err(Fault::NoSuchInstruction)
    );
    drop(gil.acquire());
}

#[test]
fn a_gate_lets_every_waiting_thread_through_once_it_is_open() {
    let gate = Gate::default();
    assert!(!gate.wait_for(Duration::from_millis(1)), "it is closed");
    let passed = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                gate.wait();
                passed.fetch_add(1, Ordering::SeqCst);
            });
        }
        assert_eq!(passed.load(Ordering::SeqCst), 0);
        gate.open();
    });
    assert_eq!(passed.into_inner(), 3);
    assert!(gate.wait_for(Duration::ZERO), "it stays open");
}
