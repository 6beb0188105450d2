//! The parts of the tour.

use std::thread;

use anstyle::{AnsiColor, Style};
use terminal::say;
use units::{counter, kernel, process, thread as threads};

use super::child;
use crate::Outcome;

fn heading(text: &str) {
    say!("");
    terminal::heading(text);
    say!("");
}

/// Prints what the part has shown, set apart and in lines of at most 80 characters.
fn found(text: &str) {
    let style = Style::new().fg_color(Some(AnsiColor::Cyan.into()));
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= 80 {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    say!("");
    for line in lines {
        say!("{style}{line}{style:#}");
    }
}

/// A line of a list: what was done, and what came of it.
fn row(what: &str, result: impl std::fmt::Display) {
    say!("  {what:45} {result}");
}

/// The tour's last line.
pub(crate) fn next() {
    say!("");
    say!("Next: cargo test --test ex01_squares, the first exercise of chapter 1.");
}

/// One counter, first for two threads and then for two processes.
pub(crate) fn counter(times: u64) -> Outcome {
    let line = |what: &str, sight: counter::Sight| {
        say!("  {what:19} {:#014x} {:>9}", sight.address, sight.value);
    };
    let head = || say!("  {:19} {:14} {:>9}", "seen by", "address", "value");

    heading("One counter, two threads");
    head();
    counter::reset();
    line("the program, before", counter::look());
    let (sights, after) = counter::two_threads(times);
    for (what, sight) in ["thread 1", "thread 2"].into_iter().zip(sights) {
        line(what, sight);
    }
    line("the program, after", after);
    if after.value != 2 * times
        || sights.iter().any(|sight| sight.address != after.address)
    {
        return Err("the threads did not increment the same counter".into());
    }
    found("Both threads incremented the same counter: one address, in one memory.");

    heading("One counter, two processes");
    #[cfg(unix)]
    {
        head();
        counter::reset();
        line("the program, before", counter::look());
        let (sights, after) = counter::two_processes(times)?;
        for (what, sight) in ["process 1", "process 2"].into_iter().zip(sights) {
            line(what, sight);
        }
        line("the program, after", after);
        if after.value != 0
            || sights
                .iter()
                .any(|sight| (sight.address, sight.value) != (after.address, times))
        {
            return Err("the processes shared a counter".into());
        }
        found(
            "Everywhere the same address, and still three counters: each process has its \
             own memory.",
        );
    }
    #[cfg(not(unix))]
    say!("  (this system has no fork)");
    Ok(())
}

/// A child's memory, before it writes and after each part that it writes.
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
        say!("  We fill {MIB} MiB and fork. The child's memory, in KiB:");
        say!("");
        say!("  {:>11} {:>8} {:>8}", "MiB written", "shared", "private");
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
        let private =
            |at: usize| copied.copy.get(at).map_or(0, |memory| memory.private_kib);
        if private(0) > all / 4 || private(PARTS) < all || !copied.ours_unchanged {
            return Err("the child did not get its own pages when it wrote".into());
        }
        found(
            "The fork copied almost nothing. Each page was copied when the child first \
             wrote to it, and the parent's bytes did not change.",
        );
    }
    #[cfg(not(unix))]
    say!("  (this system has no fork)");
    Ok(())
}

/// The kernel's record of each thread.
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
                    // By now the kernel knows the thread's name.
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
    say!(
        "  {:>6}  {:>7}  {:>6}  {:15}  {:5}  {:>8}",
        "thread",
        "process",
        "parent",
        "name",
        "state",
        "switches"
    );
    for task in &tasks {
        say!(
            "  {:>6}  {:>7}  {:>6}  {:15}  {:5}  {:>8}",
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
            "the kernel lists {} tasks instead of three threads of one process",
            tasks.len()
        )
        .into());
    }
    found("Three threads, three records in the kernel, one process number in all three.");
    Ok(())
}

/// Work for threads, and a panic.
pub(crate) fn threads() -> Outcome {
    heading("Threads: borrowing, work, and a panic");
    let numbers: Vec<u64> = (1..=1_000_000).collect();
    let sum = threads::sum_in_two(&numbers);
    row("two threads borrow a list and sum it", sum);
    let mut collected = threads::collect(4, |number| number * number);
    collected.sort_unstable();
    row(
        "four threads send their results, sorted here",
        format!("{collected:?}"),
    );
    let shares = threads::share(3, 1_000, |_| thread::yield_now());
    row(
        "three threads share a queue of 1000 jobs",
        format!("{} done", shares.iter().sum::<u64>()),
    );
    // The panic is part of the show, so its usual message on standard error is not.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = threads::outcome(|| -> u64 { panic!("no tea left") });
    std::panic::set_hook(hook);
    row(
        "one thread panics, and join returns",
        format!("{outcome:?}"),
    );
    if (sum, outcome.as_ref().err().map(String::as_str))
        != (500_000_500_000, Some("no tea left"))
    {
        return Err("the threads returned something else".into());
    }
    found("A panic ends only the thread that panics. The others carry on.");
    Ok(())
}

/// Pipes, exit codes and a crash.
pub(crate) fn processes() -> Outcome {
    heading("Processes: pipes, exit codes, and a crash");
    let said = process::run(&mut child::command("capitals")?, b"is there any tea?")?;
    row(
        "we write \"is there any tea?\" and read",
        format!("{:?}", String::from_utf8_lossy(&said.output)),
    );
    #[cfg(unix)]
    row(
        "a pipe that nothing reads holds",
        format!("{} bytes", process::pipe_holds()?),
    );
    let large = vec![b'x'; 1_000_000];
    let back = process::run(&mut child::command("capitals")?, &large)?;
    row(
        "we write a million bytes and read",
        format!("{} bytes", back.output.len()),
    );
    let failed = process::run(&mut child::command("fail")?, b"")?;
    row("a child that fails ends with", failed.ending);
    let crashed = process::run(&mut child::command("crash")?, b"")?;
    row("a child that crashes ends with", crashed.ending);
    if said.output != b"IS THERE ANY TEA?" || back.output.len() != large.len() {
        return Err("the child did not return its input in capitals".into());
    }
    if failed.ending != process::Ending::Code(3)
        || crashed.ending == process::Ending::Code(0)
    {
        return Err("the children did not end as they should".into());
    }
    found(
        "The crash destroyed the child's memory and none of ours. We read how it ended, \
         and carry on.",
    );
    Ok(())
}
