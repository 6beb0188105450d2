//! The parts of the tour.

use std::cell::RefCell;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anstyle::Style;
use greenlets::select::{First, first};
use greenlets::spawn::{Brewer, join_all};
use greenlets::{
    actor, cancel, event, local, pool, queue, race, stack, subprocess, switch, timeout,
    two_ways,
};
use may::{coroutine, go};
use terminal::say;

use crate::Outcome;

fn heading(text: &str) {
    say!("");
    terminal::heading(text);
    say!("");
}

fn line(what: &str, found: &str) {
    say!("  {what:38} {found}");
}

/// Prints what to remember of a part, in lines of at most 80 columns.
fn remember(text: &str) {
    let italic = Style::new().italic();
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= 80 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    say!("");
    for line in lines {
        say!("{italic}{line}{italic:#}");
    }
}

fn expect(right: bool, what: &str) -> Outcome {
    if right { Ok(()) } else { Err(what.into()) }
}

fn milliseconds(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

/// The whole tour.
pub(crate) fn everything() -> Outcome {
    for part in [
        switch, start, wait, queues, subprocess, many, share, stacks, two_ways,
        // The last one: it takes Ctrl-C away from the terminal.
        shutdown,
    ] {
        part()?;
    }
    say!("");
    say!("Next: read chapter 3 (`cargo run -p book`), then try its first exercise:");
    say!("`cargo test --test ex03_turns`.");
    Ok(())
}

/// The example of the talk's notes.
pub(crate) fn switch() -> Outcome {
    heading("An explicit switch");
    let printed = RefCell::new(Vec::new());
    let print = |number: u32| printed.borrow_mut().push(number);
    // ANCHOR: switch
    switch::run(vec![
        Box::new(|mut switch| {
            print(12);
            switch.to(1);
            print(34);
        }),
        Box::new(|mut switch| {
            print(56);
            switch.to(0);
            print(78);
        }),
    ]);
    // ANCHOR_END: switch
    line("printed", &format!("{:?}", printed.borrow()));
    expect(
        *printed.borrow() == [12, 56, 34],
        "the greenlets ran in another order",
    )?;
    remember(
        "The first greenlet ended, and no greenlet switched back to the second: 78 is \
         never printed.",
    );
    Ok(())
}

/// Start and stop.
pub(crate) fn start() -> Outcome {
    heading("Start and stop");
    let brewers = [("tea", 2), ("coffee", 1)].map(|(kind, cups)| Brewer {
        kind: kind.into(),
        cups,
    });
    let started = brewers
        .map(Brewer::start)
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    let results: Vec<_> = join_all(started).into_iter().flatten().flatten().collect();
    line("two brewers, joined", &format!("{results:?}"));

    let wait = Duration::from_millis(30);
    let start = Instant::now();
    for _ in 0..10 {
        coroutine::sleep(wait);
    }
    let one_by_one = start.elapsed();
    line("ten waits of 30 ms, one by one", &milliseconds(one_by_one));
    let mut together = Duration::MAX;
    // The best of five: other work on the machine can only make a run slower.
    for _ in 0..5 {
        // ANCHOR: together
        let start = Instant::now();
        let sleepers = (0..10).map(|_| go!(move || coroutine::sleep(wait)));
        join_all(sleepers.collect());
        let elapsed = start.elapsed();
        // ANCHOR_END: together
        together = together.min(elapsed);
    }
    line("ten waits of 30 ms, together", &milliseconds(together));
    expect(
        together < one_by_one / 2,
        "waiting together took as long as waiting one by one",
    )?;

    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = join_all(vec![go!(|| 1), go!(|| panic!("no tea left")), go!(|| 3)]);
    std::panic::set_hook(hook);
    line("a panic in the second of three", &format!("{outcome:?}"));
    expect(outcome[2] == Ok(3), "a panic disturbed another coroutine")?;

    let minute = || coroutine::sleep(Duration::from_secs(60));
    // SAFETY: the work only sleeps.
    let slow = unsafe { timeout::within(Duration::from_millis(20), minute) };
    line("a minute's work, with 20 ms to do it", &format!("{slow:?}"));
    expect(slow.is_none(), "the limit did not hold")?;

    let sleeper = go!(minute);
    // SAFETY: as above.
    unsafe { cancel::cancel(&sleeper) };
    let cancelled = sleeper.join().is_err();
    line(
        "a minute's sleep, cancelled",
        if cancelled {
            "stopped at once"
        } else {
            "ended"
        },
    );
    expect(cancelled, "cancelling did not stop the sleeper")?;
    remember("A coroutine stops only where it waits, even when it is cancelled.");
    Ok(())
}

/// Wait for one thing.
pub(crate) fn wait() -> Outcome {
    heading("Wait for one thing");
    // ANCHOR: event
    let ready = Arc::new(event::Event::new());
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let ready = ready.clone();
            go!(move || ready.wait())
        })
        .collect();
    ready.set();
    let resumed = join_all(waiting).len();
    // ANCHOR_END: event
    line(
        "three coroutines wait for an event",
        &format!("{resumed} resumed"),
    );

    let tea = Arc::new(event::AsyncResult::new());
    let waiting = (0..2).map(|_| {
        let tea = tea.clone();
        go!(move || tea.get(Duration::from_secs(5)).unwrap_or_default())
    });
    let waiting = waiting.collect();
    tea.set("tea").map_err(|_| "there was a value before")?;
    let got: Vec<_> = join_all(waiting).into_iter().flatten().collect();
    line("two wait for the same value", &format!("{got:?}"));
    expect(got == ["tea", "tea"], "the value did not arrive")?;

    // ANCHOR: queue
    let queue = Arc::new(queue::Bounded::new(2));
    let to = queue.clone();
    let producer = go!(move || (1..=5).for_each(|number| to.put(number)));
    let taken: Vec<u32> = (0..5).map(|_| queue.take()).collect();
    // ANCHOR_END: queue
    join_all(vec![producer]);
    line("five items through two places", &format!("{taken:?}"));
    expect(taken == [1, 2, 3, 4, 5], "the queue lost the order")?;
    remember("While a coroutine waits, its worker runs others.");
    Ok(())
}

/// Wait for many.
pub(crate) fn many() -> Outcome {
    heading("Wait for many");
    let numbers: Vec<u64> = (1..=12).collect();
    let all_here = may::sync::Barrier::new(numbers.len());
    // ANCHOR: group
    let squares = pool::group(&numbers, |number| {
        all_here.wait();
        number * number
    });
    // ANCHOR_END: group
    let last = squares.last().copied().unwrap_or_default();
    line(
        "a group of twelve, all at a time",
        &format!("12 × 12 is {last}"),
    );
    expect(last == 144, "the group lost a result")?;

    let (now, most) = (AtomicU32::new(0), AtomicU32::new(0));
    let done = pool::pool(3, &numbers, |number| {
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        coroutine::sleep(Duration::from_millis(1));
        now.fetch_sub(1, Ordering::SeqCst);
        number
    });
    let most = most.into_inner();
    line(
        "twelve jobs in a pool of three",
        &format!("{} done, {most} at a time", done.len()),
    );
    expect(
        done == numbers && most <= 3,
        "the pool did not hold its limit",
    )?;

    let (left, from_left) = may::sync::mpsc::channel::<&str>();
    let (right, from_right) = may::sync::mpsc::channel();
    right.send("tea").map_err(|_| "no receiver")?;
    let came = first(&from_left, &from_right, Duration::from_secs(5));
    line("select, with tea on the right", &format!("{came:?}"));
    drop(left);
    expect(came == First::Right("tea"), "select took the wrong channel")?;
    remember(
        "To wait for many, start a coroutine for each, and wait for the coroutines.",
    );
    Ok(())
}

/// Share.
pub(crate) fn share() -> Outcome {
    heading("Share");
    let sold = race::sell(1, 10, true);
    line("one ticket, ten buyers", &format!("{sold} sold"));
    let locked = race::sell_locked(1, 10);
    line("the same, with a lock", &format!("{locked} sold"));
    expect(
        sold > 1 && locked == 1,
        "the race did not show, or the lock did not hold",
    )?;
    // ANCHOR: barrier
    let both_read = may::sync::Barrier::new(2);
    let counter = race::raise_twice(|| {
        both_read.wait();
    });
    // ANCHOR_END: barrier
    line("a counter, incremented twice", &format!("{counter}"));
    expect(counter == 1, "no update was lost")?;

    let in_thread = local::in_thread(100);
    line(
        "100 numbers in a thread-local",
        &format!("{in_thread} coroutines find another's"),
    );
    let in_coroutine = local::in_coroutine(100);
    line(
        "100 numbers in a coroutine-local",
        &format!("{in_coroutine} coroutines find another's"),
    );
    expect(
        in_thread > 0 && in_coroutine == 0,
        "no two coroutines met on a thread",
    )?;

    let (ann, bob) = actor::ping_pong(4).ok_or("the players did not end")?;
    line("two actors: what Bob received", &format!("{bob:?}"));
    line("and Ann", &format!("{ann:?}"));
    remember(
        "Between a check and the action that depends on it, a wait lets other \
         coroutines change what was checked. A lock around both, or an actor, keeps \
         them out.",
    );
    Ok(())
}

/// Stacks.
pub(crate) fn stacks() -> Outcome {
    heading("Stacks");
    let shown = |dug: stack::Dug| {
        let end = match dug.depth {
            Some(depth) => format!("came back from call {depth}"),
            None => "overflowed".to_owned(),
        };
        let values = if dug.dropped { "dropped" } else { "lost" };
        (end, values)
    };
    let dug = stack::dig_in(1024 * 1024, 500)?;
    let (end, values) = shown(dug);
    line("1 MiB, 500 calls deep", &format!("{end}, values {values}"));
    expect(dug.depth == Some(500), "a stack of 1 MiB was too small")?;
    // In its own process, because of the signal handler.
    let output = Command::new(std::env::current_exe()?)
        .arg("overflow")
        .output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    line("32 KiB, 100,000 calls deep", printed.trim());
    let reported = String::from_utf8_lossy(&output.stderr);
    line("  generator's handler reports", reported.trim());
    expect(
        output.status.success(),
        "the stack had no end, or the process died",
    )?;
    match stack::max_mappings() {
        Some(most) => line(
            "mappings that Linux allows here",
            &format!("{most}, for {} coroutines", most / 2),
        ),
        None => line("mappings", "this system names no limit"),
    }
    remember(
        "A stack never grows, and the values on one that overflowed are never dropped: \
         choose its size for the deepest call.",
    );
    Ok(())
}

/// Runs in a child process.
pub(crate) fn overflow() -> Outcome {
    let dug = stack::dig_in(32 * 1024, 100_000)?;
    let values = if dug.dropped { "dropped" } else { "lost" };
    say!("overflowed, values {values}");
    expect(dug.depth.is_none(), "the stack had no end")
}

/// One program, twice.
pub(crate) fn two_ways() -> Outcome {
    heading("With a stack, and without");
    let cups = join_all(vec![go!(|| two_ways::tea(3))]).remove(0)?;
    let stack = may::config().get_stack_size() / 128;
    line(
        "stackful",
        &format!("{cups} cups, on a stack of {stack} KiB"),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let cups_async = runtime.block_on(two_ways::tea_async(3));
    let size = two_ways::future_size();
    line(
        "stackless",
        &format!("{cups_async} cups, in a future of {size} bytes"),
    );
    expect(
        cups == 3 && cups_async == 3,
        "the two are not the same program",
    )?;
    remember(
        "A future has the size of what it has to remember. A stack has to be large \
         enough for the deepest call.",
    );
    Ok(())
}

/// Runs this program as `what` in a child process, and prints its output.
fn again(what: &str) -> Outcome {
    let output = Command::new(std::env::current_exe()?).arg(what).output()?;
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .for_each(terminal::say);
    expect(
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).trim(),
    )
}

/// Queues with a bound and without.
pub(crate) fn queues() -> Outcome {
    heading("A thousand items through a queue, on one worker");
    // The number of workers belongs to the process.
    again("one-worker")?;
    remember(
        "Ask of every queue what it makes wait: a coroutine, or the thread under all \
         of them.",
    );
    Ok(())
}

/// Runs in a child process.
pub(crate) fn one_worker() -> Outcome {
    const ITEMS: u32 = 1_000;
    may::config().set_workers(1);
    say!("  {:43} {:>6} {:>17}", "", "taken", "waiting, at most");
    let show = |what: &str, passed: queue::Passed| {
        say!("  {what:43} {:>6} {:>17}", passed.taken, passed.most);
        passed
    };
    let (sender, receiver) = may::sync::mpsc::channel();
    let unbounded = queue::pass(
        ITEMS,
        move |item| sender.send(item).is_ok(),
        move || receiver.recv().ok(),
    );
    show("may::sync::mpsc, no bound", unbounded);

    let ours = Arc::new(queue::Bounded::new(2));
    let (to, from) = (ours.clone(), ours);
    let put = move |item| {
        to.put(Some(item));
        if item + 1 == ITEMS {
            to.put(None);
        }
        true
    };
    let ours = show(
        "queue::Bounded, 2 places",
        queue::pass(ITEMS, put, move || from.take()),
    );

    let (sender, receiver) = crossbeam::channel::bounded(2);
    let put = move |item| queue::put(&sender, item).is_ok();
    let asking = queue::pass(ITEMS, put, move || queue::take(&receiver).ok());
    show("crossbeam, 2 places, try_send and yield", asking);

    let (sender, receiver) = crossbeam::channel::bounded(2);
    let limit = Duration::from_millis(100);
    let put = move |item| sender.send_timeout(item, limit).is_ok();
    let stuck = queue::pass(ITEMS, put, move || receiver.recv().ok());
    show("crossbeam, 2 places, send for up to 100 ms", stuck);
    expect(
        unbounded.most == ITEMS,
        "the producer waited although there is no bound",
    )?;
    expect(
        ours.taken == ITEMS && ours.most <= 3,
        "the bound did not hold",
    )?;
    expect(
        asking.taken == ITEMS && asking.most <= 3,
        "crossbeam's bound did not hold",
    )?;
    expect(
        stuck.meanwhile == 0 && stuck.taken == 2,
        "a coroutine ran on a worker that was asleep",
    )
}

/// Child processes.
pub(crate) fn subprocess() -> Outcome {
    /// How long ten of the programs take without the time to start them.
    const ONE_BY_ONE: Duration = Duration::from_secs(2);
    heading("Wait for a child process");
    let sleep = || {
        let mut sleep = Command::new("sleep");
        sleep.arg("0.2");
        sleep
    };
    let (mut together, mut well) = (Duration::MAX, 0);
    // The best of three, if it has to be: other work can only make a run slower.
    for _ in 0..3 {
        let start = Instant::now();
        let programs = (0..10).map(|_| go!(move || subprocess::output(sleep())));
        let ended = join_all(programs.collect());
        together = together.min(start.elapsed());
        well = ended
            .iter()
            .flatten()
            .flatten()
            .filter(|output| output.status.success())
            .count();
        if together < ONE_BY_ONE {
            break;
        }
    }
    line(
        "ten programs that sleep for 200 ms",
        &format!("{well} succeeded, in {}", milliseconds(together)),
    );
    expect(well == 10, "`sleep` could not be run")?;

    let (reader, mut writer) = std::io::pipe()?;
    let waits = go!(move || {
        let mut cat = Command::new("cat");
        cat.stdin(reader);
        subprocess::output(cat)
    });
    let feeds = go!(move || std::io::Write::write_all(&mut writer, b"tea"));
    let printed = waits.join().map_err(|_| "a coroutine panicked")??.stdout;
    feeds.join().map_err(|_| "a coroutine panicked")??;
    line(
        "`cat`, fed by another coroutine",
        &format!("{:?}", String::from_utf8_lossy(&printed)),
    );
    expect(
        printed == b"tea" && together < ONE_BY_ONE,
        "the worker stood still",
    )?;
    remember(
        "A thread waits for the program, and the coroutine waits for the thread. The \
         workers are free.",
    );
    Ok(())
}

/// Ctrl-C.
pub(crate) fn shutdown() -> Outcome {
    heading("Ctrl-C");
    #[cfg(unix)]
    {
        use greenlets::shutdown::{on_interrupt, run_until};
        let stop = Arc::new(event::Event::new());
        let set = stop.clone();
        on_interrupt(move || set.set())?;
        let owned = Arc::new(());
        let (kept, looked_at) = (owned.clone(), stop.clone());
        let started = vec![
            go!(|| "ended by itself".to_owned()),
            go!(move || {
                coroutine::sleep(Duration::from_secs(3600));
                drop(kept);
                "slept for an hour".to_owned()
            }),
            go!(move || {
                while !looked_at.is_set() {
                    std::hint::spin_loop();
                }
                "saw the flag".to_owned()
            }),
        ];
        // The terminal does this when you press Ctrl-C.
        rustix::process::kill_process(
            rustix::process::getpid(),
            rustix::process::Signal::INT,
        )?;
        // SAFETY: none of them starts a scope or a select.
        let ended = unsafe { run_until(&stop, started) };
        for (which, how) in ["a short one", "one that sleeps", "one that computes"]
            .iter()
            .zip(&ended)
        {
            line(which, how.as_deref().unwrap_or("was cancelled at its wait"));
        }
        let dropped = Arc::strong_count(&owned) == 1;
        line(
            "the sleeper's values",
            if dropped { "dropped" } else { "lost" },
        );
        expect(
            ended[0].is_some() && ended[1].is_none() && ended[2].is_some() && dropped,
            "a coroutine ran on",
        )?;
        remember("The signal only sets a flag. The program ends itself, in good order.");
    }
    #[cfg(not(unix))]
    say!("  (this system has no signals)");
    Ok(())
}
