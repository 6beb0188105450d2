//! What the tests share: every wait has a limit.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::panic::resume_unwind;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How long a step can take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Runs `work` in its own thread and returns its result. Fails when there is none in
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

/// Runs the tour to its end and sends its output to `output`. The whole tour takes a few
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
