//! The parts of the tour.

use super::child;
use crate::Outcome;
use anstyle::Style;
use std::thread;
use units::{counter, kernel, process, thread as threads};

fn heading(text: &str) {
    let bold = Style::new().bold();
    anstream::println!("\n{bold}{text}{bold:#}");
}

/// The same counter for all.
pub(crate) fn counter(times: u64) -> Outcome {
    heading("One counter, two threads");
    println!("                      address           value");
    let line = |who: &str, sight: counter::Sight| {
        println!("  {who:18} {:#014x} {:>15}", sight.address, sight.value);
    };
    counter::reset();
    line("before", counter::look());
    let (sights, after) = counter::two_threads(times);
    for (who, sight) in ["thread 1", "thread 2"].into_iter().zip(sights) {
        line(who, sight);
    }
    line("the program, after", after);
    if after.value != 2 * times || sights.iter().any(|sight| sight.address != after.address) {
        return Err("the threads did not raise the same counter".into());
    }
    println!("  Both raised the same counter: it is at one address, in one memory.");

    heading("One counter, two processes");
    #[cfg(unix)]
    {
        println!("                      address           value");
        counter::reset();
        line("before", counter::look());
        let (sights, after) = counter::two_processes(times)?;
        for (who, sight) in ["process 1", "process 2"].into_iter().zip(sights) {
            line(who, sight);
        }
        line("the program, after", after);
        if after.value != 0
            || sights.iter().any(|sight| (sight.address, sight.value) != (after.address, times))
        {
            return Err("the processes shared a counter".into());
        }
        println!("  The same address three times, and three counters: each process has a memory of its own.");
    }
    #[cfg(not(unix))]
    println!("  (this system has no fork)");
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
            thread::Builder::new().name(name.into()).spawn_scoped(scope, move || {
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
            println!("  {error}");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    println!("  thread  process  parent  name             state    switches");
    for task in &tasks {
        println!(
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
        return Err(format!("{} tasks where three threads of one process were expected", tasks.len()).into());
    }
    println!("  Three threads, three blocks in the kernel, one process number in all of them.");
    Ok(())
}

/// Work, and a panic.
pub(crate) fn threads() -> Outcome {
    heading("Threads: work, and how one ends");
    let numbers: Vec<u64> = (1..=1_000_000).collect();
    let sum = threads::sum_in_two(&numbers);
    println!("  two threads borrow a list and sum it:        {sum}");
    let mut collected = threads::collect(4, |number| number * number);
    collected.sort_unstable();
    println!("  four threads send their results, sorted:     {collected:?}");
    let shares = threads::share(3, 1_000, |_| thread::yield_now());
    println!("  three threads take 1000 jobs from one queue: {} in all", shares.iter().sum::<u64>());
    // The panic is part of the show: without its usual words on standard error.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = threads::outcome(|| -> u64 { panic!("no tea left") });
    std::panic::set_hook(hook);
    println!("  one thread panics, and we read:              {outcome:?}");
    if (sum, outcome.as_ref().err().map(String::as_str)) != (500_000_500_000, Some("no tea left")) {
        return Err("the threads did not do what they were asked".into());
    }
    println!("  A panic ends the thread that panics. The others go on.");
    Ok(())
}

/// Pipes, codes and a crash.
pub(crate) fn processes() -> Outcome {
    heading("Processes: pipes, and how one ends");
    let said = process::run(&mut child::command("capitals")?, b"is there any tea?")?;
    println!("  we write \"is there any tea?\", and read:      {:?}", String::from_utf8_lossy(&said.output));
    let large = vec![b'x'; 1_000_000];
    let back = process::run(&mut child::command("capitals")?, &large)?;
    println!("  a million bytes through pipes of 64 KiB:     {} come back", back.output.len());
    let failed = process::run(&mut child::command("fail")?, b"")?;
    println!("  a child that gives up:                       {}", failed.ending);
    let crashed = process::run(&mut child::command("crash")?, b"")?;
    println!("  a child that crashes:                        {}", crashed.ending);
    if said.output != b"IS THERE ANY TEA?" || back.output.len() != large.len() {
        return Err("the child did not give back what it was given".into());
    }
    if failed.ending != process::Ending::Code(3) || crashed.ending == process::Ending::Code(0) {
        return Err("the children did not end as they should".into());
    }
    println!("  The crash was in another memory. We read how it ended, and go on.");
    Ok(())
}
