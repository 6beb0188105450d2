//! A thousand coroutines that sleep.

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
        // SAFETY: the time lives until the call returns; the null pointer says that we do
        // not want the time that is left.
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
        "{few:>6} coroutines, the C library's sleep {:>9.0} ms",
        millis(blocking)
    ));
    row(format!(
        "{sleepers:>6} coroutines, the patched sleep       {:>9.0} ms",
        millis(patched)
    ));
    ensure!(
        patched < TIME * sleepers / 4,
        "{sleepers} patched sleeps took {patched:?}: they slept one after another"
    );
    found(
        "The C library's sleep blocks the worker, so the first group sleeps one after \
         another. The patched sleep parks the coroutine, so the second sleeps all at \
         once.",
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
