//! False sharing, by the clock: in its own file, so that no other test takes the
//! cores meanwhile.

use std::thread;
use std::time::{Duration, Instant};

use parallelism::sharing;

/// The shortest of many short runs: even on a busy machine two threads now and then have
/// a core each for so long.
fn best(way: fn(usize, u64) -> Vec<u64>, threads: usize) -> Duration {
    let run = |_| {
        let start = Instant::now();
        std::hint::black_box(way(threads, 300_000));
        start.elapsed()
    };
    (0..40).map(run).min().unwrap_or_default()
}

#[test]
fn counters_side_by_side_are_slower_than_apart() {
    if thread::available_parallelism().map_or(1, usize::from) < 2 {
        println!(
            "one core: no other core takes the line away, and there is nothing to see"
        );
        return;
    }
    let mut seen = Vec::new();
    for _ in 0..5 {
        let alone = best(sharing::apart, 1);
        let apart = best(sharing::apart, 2);
        let side_by_side = best(sharing::side_by_side, 2);
        // It is about twice as slow without optimisation, and more with it.
        if side_by_side > apart * 5 / 4 {
            return;
        }
        // Two that take much longer than one did not have a core each: then no core took
        // the line away.
        if apart < alone * 4 / 3 {
            seen.push((side_by_side, apart));
        }
    }
    if seen.len() < 3 {
        println!(
            "the machine is busy: two threads hardly ever had a core each, and there is nothing to see"
        );
        return;
    }
    panic!("side by side and apart took as long: {seen:?}");
}
