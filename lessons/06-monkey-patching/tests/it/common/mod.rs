//! Shared by the tests: waits with a deadline, and programs that never outlive a test.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// The time that anything may take, also on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// Runs `work` on a separate thread and returns its result; fails if it takes too long.
pub(crate) fn within<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    receiver
        .recv_timeout(SOON)
        .unwrap_or_else(|error| panic!("{what}: {error} after {SOON:?}"))
}

/// Waits until `done` returns `true`; fails if that takes too long.
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !done() {
        assert!(Instant::now() < deadline, "{what}: not after {SOON:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Runs `command` to its end.
pub(crate) fn run(command: &mut Command) -> Output {
    let what = format!("{command:?}");
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let child = child.unwrap_or_else(|error| panic!("{what}: {error}"));
    within(&what, move || {
        child.wait_with_output().expect("we can wait for it")
    })
}

/// A program that is killed when this value is dropped.
pub(crate) struct Program(pub(crate) Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
