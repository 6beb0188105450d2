//! Waiting where a coroutine must not stop the thread, and the end of a program. All on
//! one worker, as in gevent: who stops it stops all.

mod deadline;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadline::{PATIENCE, in_time};
use greenlets::event::Event;
use greenlets::queue::{self, Bounded, Passed, pass};
use may::{coroutine, go};

const THINGS: u32 = 200;
const LONG: Duration = Duration::from_secs(3600);

/// The number of workers is the process's, so all tests here ask for the same.
fn one_worker() {
    may::config().set_workers(1).set_stack_size(0x4000);
}

#[test]
fn without_a_bound_all_is_put_in_before_any_is_taken() {
    one_worker();
    let (sender, receiver) = may::sync::mpsc::channel();
    let passed = in_time("a queue without a bound", || {
        pass(
            THINGS,
            move |thing| sender.send(thing).is_ok(),
            move || receiver.recv().ok(),
        )
    });
    assert_eq!(
        passed,
        Passed {
            taken: THINGS,
            most: THINGS,
            meanwhile: 0
        }
    );
}

#[test]
fn a_bound_that_coroutines_wait_for_lets_the_taker_run() {
    one_worker();
    let queue = Arc::new(Bounded::new(2));
    let (to, from) = (queue.clone(), queue);
    let put = move |thing| {
        to.put(Some(thing));
        if thing + 1 == THINGS {
            to.put(None);
        }
        true
    };
    let passed = in_time("our queue", || pass(THINGS, put, move || from.take()));
    assert_eq!((passed.taken, passed.most), (THINGS, 2));
}

#[test]
fn crossbeams_bound_holds_too_when_one_asks_and_yields() {
    one_worker();
    let (sender, receiver) = crossbeam::channel::bounded(2);
    let put = move |thing| queue::put(&sender, thing).is_ok();
    let passed = in_time("asking", || {
        pass(THINGS, put, move || queue::take(&receiver).ok())
    });
    assert_eq!((passed.taken, passed.most), (THINGS, 2));

    let (sender, receiver) = crossbeam::channel::bounded(1);
    drop(receiver);
    assert!(
        queue::put(&sender, 1).is_err(),
        "nobody can take it any more"
    );
}

#[test]
fn crossbeams_send_stops_the_worker_and_with_it_the_taker() {
    one_worker();
    let (sender, receiver) = crossbeam::channel::bounded(2);
    let put = move |thing| {
        sender
            .send_timeout(thing, Duration::from_millis(50))
            .is_ok()
    };
    let passed = in_time("a send with a limit", || {
        pass(THINGS, put, move || receiver.recv().ok())
    });
    assert_eq!(
        passed,
        Passed {
            taken: 2,
            most: 2,
            meanwhile: 0
        },
        "while it waited, nobody took anything"
    );
}

#[test]
#[cfg(unix)]
fn who_waits_for_a_program_lets_others_run() {
    use std::io::Write;
    use std::process::Command;
    one_worker();
    // The program ends when the second coroutine has written. That runs only if the first
    // one has not stopped the worker.
    let said = in_time("a program that waits for a coroutine", || {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let both = go!(move || {
            let feeds = go!(move || writer.write_all(b"tea").unwrap());
            let mut cat = Command::new("cat");
            cat.stdin(reader);
            let output = greenlets::subprocess::output(cat);
            feeds.join().unwrap();
            output
        });
        both.join().unwrap().unwrap().stdout
    });
    assert_eq!(said, b"tea");
    let missing = in_time("a program that is not there", || {
        go!(|| greenlets::subprocess::output(Command::new("no-such-program-anywhere")))
            .join()
            .unwrap()
    });
    assert_eq!(missing.unwrap_err().kind(), std::io::ErrorKind::NotFound);
}

#[test]
#[cfg(unix)]
fn stds_way_to_wait_for_a_program_stops_the_worker() {
    one_worker();
    let ran = in_time("a program", || {
        let both = go!(|| {
            let ran = Arc::new(AtomicBool::new(false));
            let copy = ran.clone();
            let other = go!(move || copy.store(true, Ordering::SeqCst));
            std::process::Command::new("true").output().unwrap();
            let meanwhile = ran.load(Ordering::SeqCst);
            other.join().unwrap();
            meanwhile
        });
        both.join().unwrap()
    });
    assert!(
        !ran,
        "another coroutine ran on a worker that waited in the kernel"
    );
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_who_waits_and_who_looks() {
    use greenlets::shutdown::{on_interrupt, run_until};
    one_worker();
    let stop = Arc::new(Event::new());
    let raised = stop.clone();
    on_interrupt(move || raised.set()).unwrap();
    let owned = Arc::new(());
    let (kept, looked_at) = (owned.clone(), stop.clone());
    let started = vec![
        go!(|| 1),
        go!(move || {
            coroutine::sleep(LONG);
            drop(kept);
            2
        }),
        go!(move || {
            while !looked_at.is_set() {
                std::hint::spin_loop();
            }
            3
        }),
    ];
    rustix::process::kill_process(
        rustix::process::getpid(),
        rustix::process::Signal::INT,
    )
    .unwrap();
    let ended = in_time("a program that was asked to end", move || {
        run_until(&stop, started)
    });
    assert_eq!(
        ended,
        [Some(1), None, Some(3)],
        "only the one that waited is cancelled"
    );
    assert_eq!(
        Arc::strong_count(&owned),
        1,
        "what the cancelled one owned is dropped"
    );
}

#[test]
fn nobody_is_ended_before_the_flag_is_up() {
    one_worker();
    let stop = Arc::new(Event::new());
    let (here, is_here) = std::sync::mpsc::channel();
    let sleeper = go!(move || {
        here.send(()).unwrap();
        coroutine::sleep(LONG);
    });
    is_here.recv_timeout(PATIENCE).unwrap();
    let (ended, has_ended) = std::sync::mpsc::channel();
    let raised = stop.clone();
    std::thread::spawn(move || {
        ended.send(greenlets::shutdown::run_until(&stop, vec![sleeper]))
    });
    assert!(
        has_ended.recv_timeout(Duration::from_millis(100)).is_err(),
        "nobody has raised the flag"
    );
    raised.set();
    assert_eq!(has_ended.recv_timeout(PATIENCE), Ok(vec![None]));
}
