//! The parts of the tour.

use std::thread;
use std::time::{Duration, Instant};

use parallelism::gil::{Gil, SWITCH_INTERVAL};
use parallelism::interpreter::{Op, busy, mixed, native, run, waiting};
use parallelism::{order, sharing, spread};
use terminal::{remember, say};

use super::verdict;
use crate::Outcome;

pub(crate) fn heading(text: &str) {
    say("");
    terminal::heading(text);
}

/// The number of runs per measurement. The shortest time counts, because other work on the
/// machine can only make a run slower.
const RUNS: usize = 3;

/// Returns the shortest time of several runs, and the result of that run.
fn best<T, E>(mut work: impl FnMut() -> Result<T, E>) -> Result<(Duration, T), E> {
    let mut run = || {
        let start = Instant::now();
        work().map(|given| (start.elapsed(), given))
    };
    let mut best = run()?;
    for _ in 1..RUNS {
        let next = run()?;
        if next.0 < best.0 {
            best = next;
        }
    }
    Ok(best)
}

/// Runs one program twice: one after another, or in two threads, with a lock or without.
/// One after another also runs in a new thread, so that only one thing differs.
fn twice(program: &[Op], gil: Option<&Gil>, threads: bool) -> Result<(), String> {
    let run = || {
        run(program, gil)
            .map(drop)
            .map_err(|fault| format!("the program is wrong: {fault:?}"))
    };
    let both = || run().and_then(|()| run());
    thread::scope(|scope| {
        let started = if threads {
            vec![scope.spawn(run), scope.spawn(run)]
        } else {
            vec![scope.spawn(both)]
        };
        started.into_iter().try_for_each(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err("a thread panicked".into()))
        })
    })
}

pub(crate) fn times_as_fast(alone: Duration, together: Duration) -> f64 {
    alone.as_secs_f64() / together.as_secs_f64().max(1e-9)
}

/// A speed-up as the tour prints it.
pub(crate) fn times(gained: f64) -> String {
    format!("{gained:.1}x")
}

/// Our interpreter.
pub(crate) fn gil(rounds: i64) -> Outcome {
    heading("Our interpreter, with its lock and without");
    say("  Speed-up of two threads over one thread, for two programs that ...");
    say("");
    say("                    one thread  two threads    lock taken  two threads");
    say("                                with the GIL                without it");
    let rows = [
        ("compute", busy(rounds)),
        ("wait", waiting(10, Duration::from_millis(10))),
        ("do both", mixed(10, rounds / 10, Duration::from_millis(5))),
        ("call native code", native(20, u64::try_from(rounds)? * 4)),
    ];
    let mut gained = Vec::new();
    for (name, program) in rows {
        let (alone, ()) = best(|| twice(&program, None, false))?;
        let (locked, turns) = best(|| {
            let gil = Gil::new(SWITCH_INTERVAL);
            twice(&program, Some(&gil), true).map(|()| gil.switches())
        })?;
        let (free, ()) = best(|| twice(&program, None, true))?;
        let (locked, free) = (times_as_fast(alone, locked), times_as_fast(alone, free));
        say!(
            "  {name:17} {:>7} ms {:>12} {turns:>7} times {:>12}",
            alone.as_millis(),
            times(locked),
            times(free)
        );
        gained.push((locked, free));
    }
    if let [(computing, free), (waiting, _), _, (native, _)] = gained[..] {
        let cores = thread::available_parallelism()?.get();
        let gained = verdict::Gil {
            computing,
            waiting,
            native,
            free,
        };
        remember(verdict::gil(cores, &gained));
    }
    Ok(())
}

/// All cores.
pub(crate) fn spread() -> Outcome {
    let cores = thread::available_parallelism()?.get();
    heading(&format!("The same work on all {cores} cores"));
    let rounds = 1_000_000;
    let (alone, expected) = best(|| Ok::<_, String>(spread::serial(rounds)))?;
    say!("  {:22} {:>6} ms", "one thread", alone.as_millis());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(cores).build()?;
    let workers = cores as u64;
    let ways: [(&str, &dyn Fn() -> u64); 3] = [
        ("threads, even shares", &|| spread::threads(workers, rounds)),
        ("threads and a queue", &|| spread::queue(workers, rounds)),
        ("rayon", &|| spread::rayon(&pool, rounds)),
    ];
    let mut gained = Vec::new();
    for (name, way) in ways {
        let (elapsed, result) = best(|| Ok::<_, String>(way()))?;
        let faster = times_as_fast(alone, elapsed);
        say!(
            "  {name:22} {:>6} ms   speed-up {}",
            elapsed.as_millis(),
            times(faster)
        );
        if result != expected {
            return Err(format!("{name} computed another result").into());
        }
        gained.push(faster);
    }
    remember(verdict::spread(cores, &gained));
    Ok(())
}

/// False sharing.
pub(crate) fn sharing() -> Outcome {
    let cores = thread::available_parallelism()?.get();
    let threads = cores.clamp(2, 4);
    heading(&format!(
        "False sharing: {threads} threads, each with its own counter"
    ));
    let times = 3_000_000;
    let measure = |name: &str, way: fn(usize, u64) -> Vec<u64>| {
        let (elapsed, counters) = best(|| Ok::<_, String>(way(threads, times)))?;
        say!(
            "  {name:28} {:>4} ns per increment",
            elapsed.as_nanos() / u128::from(times)
        );
        if counters == vec![times; threads] {
            Ok(elapsed)
        } else {
            Err("a counter lost a count".to_owned())
        }
    };
    let side_by_side = measure("side by side", sharing::side_by_side)?;
    let apart = measure("each in its own cache line", sharing::apart)?;
    remember(verdict::sharing(cores, times_as_fast(side_by_side, apart)));
    Ok(())
}

/// Determinism.
pub(crate) fn order() -> Outcome {
    heading("Determinism: the same result in every run?");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build()?;
    let runs = 20;
    let mut orders: Vec<_> = (0..runs)
        .map(|_| order::order_of_effects(&pool, 64))
        .collect();
    orders.sort();
    orders.dedup();
    say!(
        "  {runs} runs, 64 pieces, 4 workers: finished in {} different orders",
        orders.len()
    );
    let results = order::order_of_results(&pool, 64);
    say!(
        "  the collected results are in order     {}",
        results.is_sorted()
    );
    let numbers = order::tricky(1_000);
    say!(
        "  sum of 1,000 numbers, left to right    {}",
        order::sum_in_order(&numbers)
    );
    for workers in [2, 3, 7] {
        say!(
            "  sum in {workers} shares                        {}",
            order::sum_in_shares(&numbers, workers)
        );
    }
    if !results.is_sorted() {
        return Err("rayon collected out of order".into());
    }
    let cores = thread::available_parallelism()?.get();
    remember(verdict::order(cores, orders.len()));
    Ok(())
}
