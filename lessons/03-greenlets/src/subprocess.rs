//! Running a program without stopping the worker: `gevent.subprocess`.
//!
//! std's `Command::output` waits in the kernel, and may knows nothing of it. may can wait
//! for what epoll can wait for: sockets, and with its `CoIo` the pipes of a child. A
//! child's *end* is neither. So a thread waits for it.

use std::process::{Command, Output};
use std::{io, thread};

use may::sync::mpsc;

// ANCHOR: output
/// Runs a program to its end, as [`Command::output`] does, but only the coroutine that
/// calls it waits.
///
/// A thread for each child is not dear: the child is a process, which costs much more.
/// Whoever is cancelled here leaves the child running, and the thread waits for its end,
/// so that it does not stay as a zombie.
///
/// # Errors
/// When the program or the thread cannot be started.
pub fn output(mut command: Command) -> io::Result<Output> {
    let (tell, told) = mpsc::channel();
    thread::Builder::new().name("child".into()).spawn(move || {
        // Nobody may be waiting any more.
        let _ = tell.send(command.output());
    })?;
    // may's channel: a thread may send into it, and a coroutine that receives lets others
    // run.
    told.recv().map_err(io::Error::other)?
}
// ANCHOR_END: output
