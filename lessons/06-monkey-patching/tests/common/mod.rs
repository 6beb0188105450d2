//! What the tests share: waits that end, and programs that are ended whatever happens.

#![allow(dead_code, reason = "each test file uses its part of it")]

use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long a thing that has to happen may take on a machine with other work.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// Runs `work` in a thread of its own and gives its result; fails when there is none in
/// time.
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

/// Asks until `done` says so; fails when it does not in time.
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

/// A program that is killed when the test is over.
pub(crate) struct Program(pub(crate) Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
