//! The parts of the tour.

use crate::Outcome;
use anstyle::Style;
use parallelism::gil::{Gil, SWITCH_INTERVAL};
use parallelism::interpreter::{Op, busy, mixed, native, run, waiting};
use parallelism::{order, sharing, spread};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) fn heading(text: &str) {
    let bold = Style::new().bold();
    anstream::println!("\n{bold}{text}{bold:#}");
}

/// One program twice: in turn, or in two threads under a lock or under none.
fn twice(program: &[Op], gil: Option<&Gil>, threads: bool) -> Result<Duration, String> {
    let run = || run(program, gil).map(drop).map_err(|fault| format!("the program is wrong: {fault:?}"));
    let start = Instant::now();
    if threads {
        thread::scope(|scope| {
            let other = scope.spawn(run);
            run().and(other.join().unwrap_or_else(|_| Err("a thread panicked".into())))
        })?;
    } else {
        run()?;
        run()?;
    }
    Ok(start.elapsed())
}

pub(crate) fn times_faster(alone: Duration, together: Duration) -> String {
    format!("{:.1} times as fast", alone.as_secs_f64() / together.as_secs_f64().max(1e-9))
}

/// Our interpreter.
pub(crate) fn gil(rounds: i64) -> Outcome {
    heading("An interpreter with a lock, and without");
    println!("  two programs                  in turn   two threads, GIL             two threads, no GIL");
    let programs = [
        ("that compute", busy(rounds)),
        ("that wait", waiting(10, Duration::from_millis(10))),
        ("that do both", mixed(10, rounds / 10, Duration::from_millis(5))),
        ("that call native code", native(20, u64::try_from(rounds)? * 4)),
    ];
    for (name, program) in programs {
        let alone = twice(&program, None, false)?;
        let gil = Gil::new(SWITCH_INTERVAL);
        let locked = twice(&program, Some(&gil), true)?;
        let free = twice(&program, None, true)?;
        println!(
            "  {name:26} {:>7} ms   {:22} {:>3} turns   {}",
            alone.as_millis(),
            times_faster(alone, locked),
            gil.switches(),
            times_faster(alone, free)
        );
    }
    println!("  Under the lock computing is concurrent and not parallel; waiting and native code are both.");
    Ok(())
}

/// All cores.
pub(crate) fn spread() -> Outcome {
    let cores = thread::available_parallelism()?.get();
    heading(&format!("All cores, of which there are {cores}"));
    let rounds = 1_000_000;
    let start = Instant::now();
    let expected = spread::serial(rounds);
    let alone = start.elapsed();
    println!("  {:22} {:>6} ms", "one after another", alone.as_millis());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(cores).build()?;
    let workers = cores as u64;
    let ways: [(&str, &dyn Fn() -> u64); 3] = [
        ("threads, even shares", &|| spread::threads(workers, rounds)),
        ("threads and a queue", &|| spread::queue(workers, rounds)),
        ("rayon", &|| spread::rayon(&pool, rounds)),
    ];
    for (name, way) in ways {
        let start = Instant::now();
        let result = way();
        let elapsed = start.elapsed();
        println!("  {name:22} {:>6} ms   {}", elapsed.as_millis(), times_faster(alone, elapsed));
        if result != expected {
            return Err(format!("{name} computed something else").into());
        }
    }
    println!("  Three ways, one result. With one core none of them would be faster.");
    Ok(())
}

/// A line of memory.
pub(crate) fn sharing() -> Outcome {
    let threads = thread::available_parallelism()?.get().clamp(2, 4);
    heading(&format!("{threads} counters, one for each of {threads} threads"));
    let times = 3_000_000;
    for (name, way) in [
        ("side by side", sharing::side_by_side as fn(usize, u64) -> Vec<u64>),
        ("each in a line of its own", sharing::apart),
    ] {
        let start = Instant::now();
        let counters = way(threads, times);
        let each = start.elapsed().as_nanos() / u128::from(times);
        println!("  {name:28} {each:>4} ns to raise one");
        if counters != vec![times; threads] {
            return Err("a counter lost a count".into());
        }
    }
    println!("  Nobody shares a counter. The cores share the line in which they lie.");
    Ok(())
}

/// Determinism.
pub(crate) fn order() -> Outcome {
    heading("The same in each run?");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build()?;
    let runs = 20;
    let mut orders: Vec<_> = (0..runs).map(|_| order::order_of_effects(&pool, 64)).collect();
    orders.sort();
    orders.dedup();
    println!("  {runs} runs of 64 pieces by 4 workers, in    {} different orders", orders.len());
    let results = order::order_of_results(&pool, 64);
    println!("  what they collect is in order          {}", results.is_sorted());
    let numbers = order::tricky(1_000);
    println!("  1000 numbers, added left to right      {}", order::sum_in_order(&numbers));
    for workers in [2, 3, 7] {
        println!(
            "  in {workers} shares                            {}",
            order::sum_in_shares(&numbers, workers)
        );
    }
    if !results.is_sorted() {
        return Err("rayon collected out of order".into());
    }
    println!(
        "  Results can be in order whoever works. Effects are not, and a sum is an effect of its order."
    );
    Ok(())
}
