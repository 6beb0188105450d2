//! Threads, coroutines and tasks side by side, as CSV.

use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};
use std::{fs, thread};

use may::sync::SyncFlag;
use may::{coroutine, go};

use crate::Outcome;

const KINDS: [&str; 3] = ["threads", "coroutines", "tasks"];

/// Prints how many milliseconds it takes to start N, yield once in each, and join all.
pub(crate) fn spawn() -> Outcome {
    terminal::say!("number,threads,may coroutines,tokio tasks");
    let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
    for count in [10_u32, 100, 1_000, 10_000] {
        let threads = median(|| {
            let started: Vec<_> = (0..count)
                .map(|_| thread::Builder::new().spawn(thread::yield_now))
                .collect::<Result<_, _>>()?;
            started
                .into_iter()
                .try_for_each(|one| one.join().map_err(|_| "a thread panicked".into()))
        })?;
        let coroutines = median(|| {
            let started: Vec<_> = (0..count).map(|_| go!(coroutine::yield_now)).collect();
            started
                .into_iter()
                .try_for_each(|one| one.join().map_err(|_| "a coroutine panicked".into()))
        })?;
        let tasks = median(|| {
            runtime.block_on(async {
                let started: Vec<_> = (0..count)
                    .map(|_| tokio::spawn(tokio::task::yield_now()))
                    .collect();
                for task in started {
                    task.await?;
                }
                Ok(())
            })
        })?;
        terminal::say!("{count},{threads:.3},{coroutines:.3},{tasks:.3}");
    }
    Ok(())
}

/// Prints how many KiB each of 10,000 takes while it waits, each kind in its own process.
pub(crate) fn memory() -> Outcome {
    terminal::say!("kind,KiB each");
    for kind in KINDS {
        let output = Command::new(std::env::current_exe()?)
            .args(["hold", kind, "10000"])
            .output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr)
                .trim()
                .to_owned()
                .into());
        }
        terminal::say!("{kind},{}", String::from_utf8_lossy(&output.stdout).trim());
    }
    Ok(())
}

/// Runs in a child process: starts `count` of a kind, and prints how much each of them
/// added to the process's memory while it waits.
pub(crate) fn hold(kind: &str, count: u32) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    // Starts the workers of `may`, which do not count.
    go!(|| ()).join().map_err(|_| "a coroutine panicked")?;
    let before = resident_kib()?;
    let each = match kind {
        "threads" => {
            let gate = Arc::new((Mutex::new(0_u32), Condvar::new()));
            for _ in 0..count {
                let gate = gate.clone();
                thread::Builder::new().spawn(move || {
                    let (here, changed) = &*gate;
                    let mut here = here
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner);
                    *here += 1;
                    changed.notify_all();
                    drop(changed.wait_while(here, |_| true));
                })?;
            }
            let (here, changed) = &*gate;
            let here = here
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            drop(changed.wait_while(here, |here| *here < count));
            resident_kib()? - before
        }
        "coroutines" => {
            let (flag, here) = (
                Arc::new(SyncFlag::new()),
                Arc::new(may::sync::Semphore::new(0)),
            );
            for _ in 0..count {
                let (flag, here) = (flag.clone(), here.clone());
                go!(move || {
                    here.post();
                    flag.wait();
                });
            }
            for _ in 0..count {
                here.wait();
            }
            resident_kib()? - before
        }
        _ => {
            runtime.block_on(async {
                let here = Arc::new(tokio::sync::Semaphore::new(0));
                let started: Vec<_> = (0..count)
                    .map(|_| {
                        let here = here.clone();
                        tokio::spawn(async move {
                            here.add_permits(1);
                            std::future::pending::<()>().await;
                        })
                    })
                    .collect();
                drop(here.acquire_many(count).await);
                let after = resident_kib();
                drop(started);
                after
            })? - before
        }
    };
    terminal::say!("{:.2}", each / f64::from(count));
    // All of them wait forever.
    std::process::exit(0);
}

fn resident_kib() -> Result<f64, Box<dyn std::error::Error>> {
    let status = fs::read_to_string("/proc/self/status")
        .map_err(|error| format!("no /proc (Linux only): {error}"))?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .ok_or("the kernel does not report VmRSS")?;
    Ok(line
        .split_whitespace()
        .nth(1)
        .ok_or("VmRSS is not a number")?
        .parse()?)
}

/// Returns the median time of five runs, in milliseconds.
fn median(mut work: impl FnMut() -> Outcome) -> Result<f64, Box<dyn std::error::Error>> {
    let mut times = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[2].max(Duration::from_nanos(1)).as_secs_f64() * 1e3)
}
