//! Deadlines for the tests: nothing here waits forever.

#![allow(dead_code, reason = "each test file uses only a part")]

use std::panic::resume_unwind;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How long an event may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Runs `work` in its own thread and returns its result. Panics if there is none within
/// [`PATIENCE`].
pub(crate) fn in_time<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (sender, receiver) = mpsc::channel();
    let worker = thread::spawn(move || sender.send(work()));
    match receiver.recv_timeout(PATIENCE) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => panic!("{what}: no result after {PATIENCE:?}"),
        Err(RecvTimeoutError::Disconnected) => match worker.join() {
            Err(panic) => resume_unwind(panic),
            Ok(_) => unreachable!("the worker sent no result, yet ended well"),
        },
    }
}

/// Runs the tour to its end, with `output` as its standard output.
pub(crate) fn tour_into(arguments: &[&str], output: Stdio) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lesson-01-threads-and-processes"));
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

/// Runs the tour to its end and collects its output.
pub(crate) fn tour(arguments: &[&str]) -> Output {
    tour_into(arguments, Stdio::piped())
}
