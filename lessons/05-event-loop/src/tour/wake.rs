//! A loop that sleeps, woken by another thread.

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use event_loop::Reactor;

use super::{found, heading, row};

pub(crate) fn show() -> Result<()> {
    heading("Waking the loop from another thread");
    let mut reactor = Reactor::new()?;
    let remote = reactor.remote();
    let (sender, done) = channel();
    let ours = thread::current().id();
    let other = thread::spawn(move || {
        // Long enough for the loop to fall asleep. If it has not yet, it will see the
        // job before it does.
        thread::sleep(Duration::from_millis(100));
        let posted = Instant::now();
        remote.post(move |reactor| {
            reactor.stop();
            let _ = sender.send((posted.elapsed(), thread::current().id() == ours));
        });
    });
    let begin = Instant::now();
    // Nothing else wakes it: without the other thread it would sleep forever.
    reactor.run()?;
    let slept = begin.elapsed();
    let (late, here) = done.recv()?;
    let _ = other.join();
    row(format!(
        "{:<48} {:>8} ms",
        "the loop slept, with nothing to watch",
        slept.as_millis()
    ));
    row(format!(
        "{:<48} {:>8} µs",
        "from the other thread's `post` to our callback",
        late.as_micros()
    ));
    row(format!(
        "{:<48} {:>8}",
        "the callback ran on the loop's thread",
        if here { "yes" } else { "no" }
    ));
    ensure!(here, "the callback ran on another thread");
    found(
        "A byte in a pipe wakes the loop, because a pipe is something that the kernel can \
         watch.",
    );
    Ok(())
}
