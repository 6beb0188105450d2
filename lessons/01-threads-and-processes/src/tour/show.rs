//! The parts of the tour.

use std::thread;

use terminal::say;
use units::{counter, kernel, process, thread as threads};

use super::child;
use crate::Outcome;

fn heading(text: &str) {
    say!("");
    terminal::heading(text);
}

/// The same counter for all.
pub(crate) fn counter(times: u64) -> Outcome {
    heading("One counter, two threads");
    say!("                      address           value");
    let line = |who: &str, sight: counter::Sight| {
        say!("  {who:18} {:#014x} {:>15}", sight.address, sight.value);
    };
    counter::reset();
    line("before", counter::look());
    let (sights, after) = counter::two_threads(times);
    for (who, sight) in ["thread 1", "thread 2"].into_iter().zip(sights) {
        line(who, sight);
    }
    line("the program, after", after);
    if after.value != 2 * times
        || sights.iter().any(|sight| sight.address != after.address)
    {
        return Err("the threads did not raise the same counter".into());
    }
    say!("  Both raised the same counter: it is at one address, in one memory.");

    heading("One counter, two processes");
    #[cfg(unix)]
    {
        say!("                      address           value");
        counter::reset();
        line("before", counter::look());
        let (sights, after) = counter::two_processes(times)?;
        for (who, sight) in ["process 1", "process 2"].into_iter().zip(sights) {
            line(who, sight);
        }
        line("the program, after", after);
        if after.value != 0
            || sights
                .iter()
                .any(|sight| (sight.address, sight.value) != (after.address, times))
        {
            return Err("the processes shared a counter".into());
        }
        say!(
            "  The same address three times, and three counters: each process has a memory of its own."
        );
    }
    #[cfg(not(unix))]
    say!("  (this system has no fork)");
    Ok(())
}

/// Memory that is shared until somebody writes.
pub(crate) fn copy_on_write() -> Outcome {
    const MIB: usize = 16;
    const PARTS: usize = 4;
    heading("Copy on write");
    #[cfg(unix)]
    {
        let copied = match units::pages::copy_on_write(MIB << 20, PARTS) {
            Ok(copied) => copied,
            Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {
                say!("  {error}");
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        say!("  We fill {MIB} MiB and fork. What the copy has, in KiB:");
        say!("  MiB written   shared      own");
        for (memory, part) in copied.copy.iter().zip(0..) {
            let bar = "█".repeat(usize::try_from(memory.private_kib / 1024)?);
            let written = part * MIB / PARTS;
            say!(
                "  {written:>11} {:>8} {:>8}  {bar}",
                memory.shared_kib,
                memory.private_kib
            );
        }
        let all = u64::try_from(MIB << 10)?;
        let own = |at: usize| copied.copy.get(at).map_or(0, |memory| memory.private_kib);
        if own(0) > all / 4 || own(PARTS) < all || !copied.ours_unchanged {
            return Err("the copy did not get its pages when it wrote to them".into());
        }
        say!(
            "  The fork copied next to nothing. What the copy wrote to became its own, and ours is as it was."
        );
    }
    #[cfg(not(unix))]
    say!("  (this system has no fork)");
    Ok(())
}

/// The control blocks.
pub(crate) fn kernel() -> Outcome {
    heading("What the kernel keeps");
    let tasks = thread::scope(|scope| -> std::io::Result<_> {
        let mut stop = Vec::new();
        for name in ["reader", "writer"] {
            let (sender, receiver) = std::sync::mpsc::channel::<()>();
            stop.push(sender);
            let (ready, is_ready) = std::sync::mpsc::channel();
            thread::Builder::new()
                .name(name.into())
                .spawn_scoped(scope, move || {
                    // It has its name by now, which the kernel keeps.
                    let _ = ready.send(());
                    let _ = receiver.recv();
                })?;
            let _ = is_ready.recv();
        }
        kernel::tasks()
    });
    let tasks = match tasks {
        Ok(tasks) => tasks,
        Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {
            say!("  {error}");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    say!("  thread  process  parent  name             state    switches");
    for task in &tasks {
        say!(
            "  {:>6}  {:>7}  {:>6}  {:15}  {:5}  {:>10}",
            task.tid,
            task.tgid,
            task.ppid,
            task.name,
            task.state,
            task.voluntary_switches + task.involuntary_switches
        );
    }
    if tasks.len() != 3 || tasks.iter().any(|task| task.tgid != tasks[0].tgid) {
        return Err(format!(
            "{} tasks where three threads of one process were expected",
            tasks.len()
        )
        .into());
    }
    say!(
        "  Three threads, three blocks in the kernel, one process number in all of them."
    );
    Ok(())
}

/// Work, and a panic.
pub(crate) fn threads() -> Outcome {
    heading("Threads: work, and how one ends");
    let numbers: Vec<u64> = (1..=1_000_000).collect();
    let sum = threads::sum_in_two(&numbers);
    say!("  two threads borrow a list and sum it:        {sum}");
    let mut collected = threads::collect(4, |number| number * number);
    collected.sort_unstable();
    say!("  four threads send their results, sorted:     {collected:?}");
    let shares = threads::share(3, 1_000, |_| thread::yield_now());
    say!(
        "  three threads take 1000 jobs from one queue: {} in all",
        shares.iter().sum::<u64>()
    );
    // The panic is part of the show: without its usual words on standard error.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = threads::outcome(|| -> u64 { panic!("no tea left") });
    std::panic::set_hook(hook);
    say!("  one thread panics, and we read:              {outcome:?}");
    if (sum, outcome.as_ref().err().map(String::as_str))
        != (500_000_500_000, Some("no tea left"))
    {
        return Err("the threads did not do what they were asked".into());
    }
    say!("  A panic ends the thread that panics. The others go on.");
    Ok(())
}

/// Pipes, codes and a crash.
pub(crate) fn processes() -> Outcome {
    heading("Processes: pipes, and how one ends");
    let said = process::run(&mut child::command("capitals")?, b"is there any tea?")?;
    say!(
        "  we write \"is there any tea?\", and read:      {:?}",
        String::from_utf8_lossy(&said.output)
    );
    let large = vec![b'x'; 1_000_000];
    let back = process::run(&mut child::command("capitals")?, &large)?;
    #[cfg(unix)]
    say!(
        "  a pipe from which nobody reads holds:        {} bytes",
        process::pipe_holds()?
    );
    say!(
        "  a million bytes through such pipes:          {} come back",
        back.output.len()
    );
    let failed = process::run(&mut child::command("fail")?, b"")?;
    say!(
        "  a child that gives up:                       {}",
        failed.ending
    );
    let crashed = process::run(&mut child::command("crash")?, b"")?;
    say!(
        "  a child that crashes:                        {}",
        crashed.ending
    );
    if said.output != b"IS THERE ANY TEA?" || back.output.len() != large.len() {
        return Err("the child did not give back what it was given".into());
    }
    if failed.ending != process::Ending::Code(3)
        || crashed.ending == process::Ending::Code(0)
    {
        return Err("the children did not end as they should".into());
    }
    say!("  The crash was in another memory. We read how it ended, and go on.");
    Ok(())
}
