//! Waiting without stopping the thread, and the end of a program. Everything runs on one
//! worker, as in gevent: a coroutine that stops the worker stops all coroutines. A
//! test program for itself, because the number of workers belongs to the process.

#[path = "it/deadline/mod.rs"]
mod deadline;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadline::{PATIENCE, in_time};
use greenlets::event::Event;
use greenlets::queue::{self, Bounded, Passed, pass};
use may::{coroutine, go};

const ITEMS: u32 = 200;
const LONG: Duration = Duration::from_secs(3600);

/// The number of workers belongs to the process, so all tests here ask for the same.
fn one_worker() {
    may::config().set_workers(1).set_stack_size(0x4000);
}

#[test]
fn without_a_bound_every_item_is_put_in_before_any_is_taken() {
    one_worker();
    let (sender, receiver) = may::sync::mpsc::channel();
    let passed = in_time("a queue without a bound", || {
        pass(
            ITEMS,
            move |item| sender.send(item).is_ok(),
            move || receiver.recv().ok(),
        )
    });
    assert_eq!(
        passed,
        Passed {
            taken: ITEMS,
            most: ITEMS,
            meanwhile: 0
        }
    );
}

#[test]
fn a_coroutine_that_waits_at_the_bound_lets_the_consumer_run() {
    one_worker();
    let queue = Arc::new(Bounded::new(2));
    let (to, from) = (queue.clone(), queue);
    let put = move |item| {
        to.put(Some(item));
        if item + 1 == ITEMS {
            to.put(None);
        }
        true
    };
    let passed = in_time("our queue", || pass(ITEMS, put, move || from.take()));
    assert_eq!((passed.taken, passed.most), (ITEMS, 2));
}

#[test]
fn crossbeams_bound_holds_with_try_send_and_yield() {
    one_worker();
    let (sender, receiver) = crossbeam::channel::bounded(2);
    let put = move |item| queue::put(&sender, item).is_ok();
    let passed = in_time("asking", || {
        pass(ITEMS, put, move || queue::take(&receiver).ok())
    });
    assert_eq!((passed.taken, passed.most), (ITEMS, 2));

    let (sender, receiver) = crossbeam::channel::bounded(1);
    drop(receiver);
    assert!(queue::put(&sender, 1).is_err(), "there is no receiver");
}

#[test]
fn crossbeams_send_stops_the_worker_and_the_consumer_on_it() {
    one_worker();
    let (sender, receiver) = crossbeam::channel::bounded(2);
    let put = move |item| sender.send_timeout(item, Duration::from_millis(50)).is_ok();
    let passed = in_time("a send with a limit", || {
        pass(ITEMS, put, move || receiver.recv().ok())
    });
    assert_eq!(
        passed,
        Passed {
            taken: 2,
            most: 2,
            meanwhile: 0
        },
        "no item was taken while it waited"
    );
}

#[test]
#[cfg(unix)]
fn a_coroutine_that_waits_for_a_program_lets_others_run() {
    use std::io::Write;
    use std::process::Command;
    one_worker();
    // The program exits when the second coroutine has written, and that coroutine runs
    // only if the first one has not stopped the worker.
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
fn stds_output_stops_the_worker() {
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
        "another coroutine ran on a worker that was waiting in the kernel"
    );
}

#[test]
#[cfg(unix)]
fn ctrl_c_cancels_what_waits_and_tells_what_computes() {
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
        // SAFETY: none of them starts a scope or a select.
        unsafe { run_until(&stop, started) }
    });
    assert_eq!(
        ended,
        [Some(1), None, Some(3)],
        "only the one that waits is cancelled"
    );
    assert_eq!(
        Arc::strong_count(&owned),
        1,
        "the values of the cancelled coroutine are dropped"
    );
}

#[test]
fn nothing_is_cancelled_before_the_flag_is_set() {
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
        // SAFETY: it only sleeps.
        ended.send(unsafe { greenlets::shutdown::run_until(&stop, vec![sleeper]) })
    });
    assert!(
        has_ended.recv_timeout(Duration::from_millis(100)).is_err(),
        "the flag is not set"
    );
    raised.set();
    assert_eq!(has_ended.recv_timeout(PATIENCE), Ok(vec![None]));
}
