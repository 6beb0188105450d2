//! The data of the book's plots, as CSV.

use std::thread;
use std::time::Instant;

use parallelism::{amdahl, sharing, spread};
use terminal::say;

use crate::Outcome;

const TURNS: usize = 5;
const ROUNDS: u64 = 2_000_000;

/// Prints the speed-up over one thread by the number of workers, the ideal speed-up, and
/// Amdahl's law with the serial fraction that fits the fastest of the three ways best, up
/// to the number of cores.
pub(crate) fn speedup() -> Outcome {
    let cores = u64::try_from(thread::available_parallelism()?.get())?;
    let alone = median(|| spread::serial(ROUNDS));
    let mut rows = Vec::new();
    for workers in 1..=2 * cores {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(usize::try_from(workers)?)
            .build()?;
        let rayon = alone / median(|| spread::rayon(&pool, ROUNDS));
        rows.push((
            workers,
            alone / median(|| spread::threads(workers, ROUNDS)),
            alone / median(|| spread::queue(workers, ROUNDS)),
            rayon,
        ));
    }
    let useful = |workers: u64| u32::try_from(workers.min(cores)).map(f64::from);
    let mut best = Vec::new();
    for (workers, threads, queue, rayon) in rows.iter().filter(|row| row.0 <= cores) {
        best.push((useful(*workers)?, threads.max(*queue).max(*rayon)));
    }
    let serial = amdahl::fit(&best);
    say("workers,threads with even shares,threads and a queue,rayon,ideal,Amdahl's law");
    for (workers, threads, queue, rayon) in rows {
        let useful = useful(workers)?;
        say!(
            "{workers},{threads:.3},{queue:.3},{rayon:.3},{useful:.3},{:.3}",
            amdahl::speedup(serial, useful)
        );
    }
    Ok(())
}

/// Prints nanoseconds per increment of a counter, by the number of threads.
pub(crate) fn false_sharing() {
    const TIMES: u64 = 2_000_000;
    let each = |way: fn(usize, u64) -> Vec<u64>, threads: usize| {
        median(|| way(threads, TIMES).first().copied().unwrap_or_default()) * 1e9 / 2e6
    };
    say("threads,side by side,each in its own cache line");
    for threads in [1, 2, 4] {
        say!(
            "{threads},{:.2},{:.2}",
            each(sharing::side_by_side, threads),
            each(sharing::apart, threads)
        );
    }
}

/// Returns the median time of several runs, in seconds.
fn median(work: impl Fn() -> u64) -> f64 {
    let mut times = Vec::new();
    for _ in 0..TURNS {
        let start = Instant::now();
        std::hint::black_box(work());
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    times[TURNS / 2]
}
