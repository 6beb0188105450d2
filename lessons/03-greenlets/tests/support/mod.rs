//! What the cases of the exercises share: one worker, on which coroutines take the same
//! turns in every run, and a comparison that says which value is the reader's.
//!
//! On one worker a coroutine runs until it waits. So a case needs no sleep to know that
//! another coroutine waits by now, and a busy machine makes a case slow, but never wrong.

#![allow(dead_code, reason = "each exercise uses a part of it")]

use std::fmt::Debug;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use greenlets::spawn::reason;
use may::go;

/// How long the worker can take to start a coroutine when nothing keeps it busy.
const PATIENCE: Duration = Duration::from_secs(8);

/// How often the worker gets the chance to run everything that is ready. Each chance runs
/// coroutines until all of them wait; a second one runs what those have spawned.
const CHANCES: u32 = 20;

/// What an answer with a timer in it gets on top.
const GRACE: Duration = Duration::from_secs(1);

/// What is said of the answer that has blocked the worker, so that the other cases say the
/// same and do not wait as well.
static BLOCKED: Mutex<Option<String>> = Mutex::new(None);

/// Runs `work` in a coroutine on the only worker and returns its result. Fails when all
/// coroutines wait and none of them can wake another, or when one of them keeps the
/// worker; `hint` is the end of that message.
pub(crate) fn on_one_worker<T: Send + 'static>(
    hint: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    // Held to the end: the cases share the worker, and take turns.
    let mut blocked = BLOCKED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(why) = &*blocked {
        panic!("{why}");
    }
    // 128 KiB of stack: a panic in a debug build needs more than may's default.
    may::config().set_workers(1).set_stack_size(0x4000);
    let (sender, result) = mpsc::channel();
    let started = go!(move || {
        let _ = sender.send(work());
    });
    for _ in 0..CHANCES {
        let (tell, told) = mpsc::channel();
        go!(move || tell.send(()));
        if told.recv_timeout(PATIENCE).is_err() {
            let case = thread::current();
            let case = case.name().unwrap_or_default();
            let case = case.rsplit("::").next().unwrap_or_default();
            let why = format!(
                "your code keeps the only worker (first seen in `{case}`): it waits \
                 without `may::sync`, or it asks in a loop instead of waiting. No other \
                 coroutine ran for {PATIENCE:?}. {hint}"
            );
            *blocked = Some(why.clone());
            panic!("{why}");
        }
        if started.is_done() {
            break;
        }
    }
    match result.recv_timeout(GRACE) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => {
            panic!("every coroutine waits, and none will wake another: {hint}")
        }
        Err(RecvTimeoutError::Disconnected) => match started.join() {
            Err(panic) => panic!("your code panicked: {}", reason(&*panic)),
            Ok(()) => unreachable!("it ended without a result"),
        },
    }
}

/// Compares, in the reader's terms.
#[track_caller]
pub(crate) fn same<T: PartialEq + Debug>(yours: T, wanted: T, why: &str) {
    assert!(
        yours == wanted,
        "{why}\n   yours: {yours:?}\n  wanted: {wanted:?}"
    );
}
