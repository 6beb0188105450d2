//! Calls that the patch does not see.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use may::go;

use super::{found, heading, join, row};

const TIME: Duration = Duration::from_millis(50);

pub(crate) fn show() -> Result<()> {
    heading("While a coroutine waits for 50 ms, how often do others run?");
    let patched = turns(|| thread::sleep(TIME))?;
    let syscall = turns(|| {
        let _ = rustix::thread::nanosleep(&rustix::thread::Timespec {
            tv_sec: 0,
            tv_nsec: 50_000_000,
        });
    })?;
    let pipe = turns(|| {
        if let Ok((mut reader, writer)) = std::io::pipe() {
            thread::spawn(move || {
                sleep_in_a_thread();
                drop(writer);
            });
            let _ = reader.read(&mut [0]);
        }
    })?;
    let lock = turns(|| {
        let (sender, receiver) = std::sync::mpsc::channel();
        thread::spawn(move || {
            sleep_in_a_thread();
            sender.send(())
        });
        let _ = receiver.recv();
    })?;
    for (what, turns) in [
        ("std::thread::sleep", patched),
        ("rustix::thread::nanosleep", syscall),
        ("read of a pipe", pipe),
        ("std::sync::mpsc", lock),
    ] {
        row(format!(
            "{what:<26} {}",
            if turns > 0 { "often" } else { "never" }
        ));
    }
    ensure!(patched > 0, "the patched sleep kept the worker");
    ensure!(
        syscall == 0,
        "another coroutine ran while rustix slept, which we thought impossible"
    );
    ensure!(
        pipe == 0 && lock == 0,
        "others ran while a pipe or a channel waited: {pipe}, {lock}"
    );
    found(
        "rustix makes its own system calls. Pipes and std's channels do call the C \
         library, but the patch passes those calls on.",
    );
    Ok(())
}

/// Sleeps on an ordinary thread, where the patch passes the call on to the C library.
fn sleep_in_a_thread() {
    thread::sleep(TIME);
}

/// Counts how often another coroutine wakes while `wait` waits.
// ANCHOR: turns
fn turns(wait: impl FnOnce() + Send + 'static) -> Result<u64> {
    let turns = Arc::new(AtomicU64::new(0));
    let over = Arc::new(AtomicBool::new(false));
    let (counted, until) = (Arc::clone(&turns), Arc::clone(&over));
    let other = go!(move || {
        while !until.load(Ordering::SeqCst) {
            counted.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(1));
        }
    });
    let waiting = go!(move || {
        let before = turns.load(Ordering::SeqCst);
        wait();
        let after = turns.load(Ordering::SeqCst);
        over.store(true, Ordering::SeqCst);
        after - before
    });
    let count = join(waiting)?;
    join(other)?;
    Ok(count)
}
// ANCHOR_END: turns
