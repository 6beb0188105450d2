//! Running a program without stopping the worker: `gevent.subprocess`.
//!
//! std's `Command::output` waits in the kernel, where `may` cannot reach it. `may` can
//! wait for anything that epoll can wait for: sockets and, with its `CoIo`, the pipes of
//! a child. The *exit* of a child is neither. So a thread waits for it.

use std::process::{Command, Output};
use std::{io, thread};

use may::sync::mpsc;

// ANCHOR: output
/// Runs a program until it exits, as [`Command::output`] does, but makes only the calling
/// coroutine wait.
///
/// If that coroutine is cancelled, the program runs on, and the thread still waits for
/// its exit, so that it does not become a zombie.
///
/// # Errors
/// When the program or the thread cannot be started.
pub fn output(mut command: Command) -> io::Result<Output> {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().name("child".into()).spawn(move || {
        // The receiver might have been cancelled.
        let _ = sender.send(command.output());
    })?;
    receiver.recv().map_err(io::Error::other)?
}
// ANCHOR_END: output
