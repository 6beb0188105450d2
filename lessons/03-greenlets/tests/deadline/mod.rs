//! What the tests share: nothing here waits for ever.

#![allow(dead_code, reason = "each test file uses its part of it")]

use std::panic::resume_unwind;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How long a thing that has to happen may take on a machine with other work.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Does `work` in a thread of its own and gives its result; fails when there is none in
/// time.
pub(crate) fn in_time<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (sender, receiver) = mpsc::channel();
    let worker = thread::spawn(move || sender.send(work()));
    match receiver.recv_timeout(PATIENCE) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => panic!("{what}: not after {PATIENCE:?}"),
        Err(RecvTimeoutError::Disconnected) => match worker.join() {
            Err(panic) => resume_unwind(panic),
            Ok(_) => unreachable!("it ended without a result"),
        },
    }
}

/// Runs the tour to its end; what it prints goes there. The whole of it takes some
/// seconds on a busy machine.
pub(crate) fn tour_into(arguments: &[&str], output: Stdio) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lesson-03-greenlets"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(Stdio::piped());
    let what = format!("{command:?}");
    in_time(&what, move || {
        command.spawn().unwrap().wait_with_output().unwrap()
    })
}

/// Runs the tour to its end.
pub(crate) fn tour(arguments: &[&str]) -> Output {
    tour_into(arguments, Stdio::piped())
}
