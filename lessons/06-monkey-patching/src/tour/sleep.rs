//! A thousand sleepers.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use may::go;
use monkey_patching::next;

use super::{found, heading, join, row};

const TIME: Duration = Duration::from_millis(100);

pub(crate) fn show(sleepers: u32) -> Result<()> {
    heading("std::thread::sleep(100 ms) in coroutines, on one worker thread");
    let few = 20;
    let blocking = time(few, || {
        let time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 100_000_000,
        };
        // SAFETY: a time that lives until the call returns, and nowhere to say how much
        // was left.
        unsafe {
            next::clock_nanosleep(
                libc::CLOCK_MONOTONIC,
                0,
                &raw const time,
                std::ptr::null_mut(),
            )
        };
    })?;
    let patched = time(sleepers, || thread::sleep(TIME))?;
    row(format!(
        "{few:>6} with the C library's own sleep {:>9.0} ms",
        millis(blocking)
    ));
    row(format!(
        "{sleepers:>6} with the patched one           {:>9.0} ms",
        millis(patched)
    ));
    ensure!(
        patched < TIME * sleepers / 4,
        "{sleepers} patched sleeps took {patched:?}: they waited for one another"
    );
    found(
        "The first stand in a row, because each keeps the worker. The others sleep all at once.",
    );
    Ok(())
}

// ANCHOR: time
fn time(sleepers: u32, sleep: fn()) -> Result<Duration> {
    let begin = Instant::now();
    let coroutines: Vec<_> = (0..sleepers).map(|_| go!(sleep)).collect();
    for coroutine in coroutines {
        join(coroutine)?;
    }
    Ok(begin.elapsed())
}
// ANCHOR_END: time

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
