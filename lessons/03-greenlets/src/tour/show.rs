//! The parts of the tour.

use std::cell::RefCell;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

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
}

fn line(what: &str, found: &str) {
    say!("  {what:44} {found}");
}

fn expect(right: bool, what: &str) -> Outcome {
    if right { Ok(()) } else { Err(what.into()) }
}

/// The notes' example.
pub(crate) fn switch() -> Outcome {
    heading("An explicit switch");
    let printed = RefCell::new(Vec::new());
    let print = |number: u32| printed.borrow_mut().push(number);
    switch::run(vec![
        Box::new(|mut other| {
            print(12);
            other.to(1);
            print(34);
        }),
        Box::new(|mut other| {
            print(56);
            other.to(0);
            print(78);
        }),
    ]);
    line("printed:", &format!("{:?}", printed.borrow()));
    expect(
        *printed.borrow() == [12, 56, 34],
        "the greenlets went another way",
    )?;
    say!(
        "  The first one ended, and nobody switched back to the second: 78 is never printed."
    );
    Ok(())
}

/// One tool after another.
pub(crate) fn tools() -> Outcome {
    heading("gevent's tools");
    let brewers = [("tea", 2), ("coffee", 1)].map(|(kind, cups)| Brewer {
        kind: kind.into(),
        cups,
    });
    let started = brewers
        .map(Brewer::start)
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    let results: Vec<_> = join_all(started).into_iter().flatten().flatten().collect();
    line("spawn and joinall:", &format!("{results:?}"));

    let wait = Duration::from_millis(30);
    let start = Instant::now();
    for _ in 0..10 {
        coroutine::sleep(wait);
    }
    let one_by_one = start.elapsed();
    let start = Instant::now();
    join_all(
        (0..10)
            .map(|_| go!(move || coroutine::sleep(wait)))
            .collect(),
    );
    let together = start.elapsed();
    line(
        "ten waits of 30 ms, one by one, together:",
        &format!("{one_by_one:.0?}, {together:.0?}"),
    );
    expect(
        together < one_by_one / 2,
        "waiting together took as long as waiting in turn",
    )?;

    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = join_all(vec![go!(|| 1), go!(|| panic!("no tea left")), go!(|| 3)]);
    std::panic::set_hook(hook);
    line("a panic stays inside:", &format!("{outcome:?}"));
    expect(outcome[2] == Ok(3), "a panic disturbed others")?;

    let slow = timeout::within(Duration::from_millis(20), || {
        coroutine::sleep(Duration::from_secs(60));
    });
    line(
        "a minute's work with a limit of 20 ms:",
        &format!("{slow:?}"),
    );
    expect(slow.is_none(), "the limit was not held")?;

    let flag = Arc::new(event::Event::new());
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let flag = flag.clone();
            go!(move || flag.wait())
        })
        .collect();
    flag.set();
    line(
        "three wait for an event:",
        &format!("{} go on", join_all(waiting).len()),
    );

    let places = Arc::new(queue::Bounded::new(2));
    let maker = {
        let places = places.clone();
        go!(move || (1..=5).for_each(|number| places.put(number)))
    };
    let taken: Vec<u32> = (0..5).map(|_| places.take()).collect();
    join_all(vec![maker]);
    line("through a queue with two places:", &format!("{taken:?}"));

    let (now, most) = (AtomicU32::new(0), AtomicU32::new(0));
    let done = pool::pool(3, &(0..12).collect::<Vec<_>>(), |number| {
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        coroutine::sleep(Duration::from_millis(1));
        now.fetch_sub(1, Ordering::SeqCst);
        number
    });
    line(
        "twelve jobs in a pool of three:",
        &format!("{} done, {} at a time", done.len(), most.into_inner()),
    );

    let (left, from_left) = may::sync::mpsc::channel::<&str>();
    let (right, from_right) = may::sync::mpsc::channel();
    right.send("tea").map_err(|_| "nobody listens")?;
    let came = first(&from_left, &from_right, Duration::from_secs(5));
    line("select:", &format!("{came:?}"));
    drop(left);
    expect(came == First::Right("tea"), "select took the wrong channel")?;

    let sleeper = go!(|| coroutine::sleep(Duration::from_secs(60)));
    cancel::cancel(&sleeper);
    line(
        "a cancelled sleeper:",
        if sleeper.join().is_err() {
            "ended at once"
        } else {
            "slept on"
        },
    );

    let (ann, bob) = actor::ping_pong(4).ok_or("the players did not end")?;
    line("two actors, four strokes:", &format!("{bob:?}, {ann:?}"));
    say!(
        "  Each of them is a file of some thirty lines, and none of them stops a thread."
    );
    Ok(())
}

/// What greenlets do not protect from.
pub(crate) fn race() -> Outcome {
    heading("Races");
    let sold = race::sell(1, 10, true);
    line(
        "one ticket, ten buyers, who ask a bank:",
        &format!("{sold} sold"),
    );
    let locked = race::sell_locked(1, 10);
    line("the same under a lock:", &format!("{locked} sold"));
    expect(
        sold > 1 && locked == 1,
        "the race did not show, or the lock did not hold",
    )?;
    let both_looked = may::sync::Barrier::new(2);
    let raised = race::raise_twice(|| {
        both_looked.wait();
    });
    line(
        "two raise a counter, both look first:",
        &format!("it is at {raised}"),
    );
    expect(raised == 1, "nothing was lost")?;
    let in_thread = local::in_thread(100);
    line(
        "100 keep a number in a variable of the thread:",
        &format!("{in_thread} find another's"),
    );
    let in_coroutine = local::in_coroutine(100);
    line(
        "in a variable of the coroutine:",
        &format!("{in_coroutine} find another's"),
    );
    expect(
        in_thread > 0 && in_coroutine == 0,
        "the thread's variable was nobody else's",
    )?;
    say!(
        "  Look, let others run, act: whatever the unit is called, what was looked at may have changed."
    );
    Ok(())
}

/// Stacks.
pub(crate) fn stacks() -> Outcome {
    heading("Stacks");
    let dug = stack::dig_in(1024 * 1024, 500)?;
    line(
        "500 calls deep on a stack of 1 MiB:",
        &format!("{:?}, dropped: {}", dug.depth, dug.dropped),
    );
    expect(dug.depth == Some(500), "a stack of 1 MiB was too small")?;
    // In a process of its own: what a handler of a signal leaves behind is nobody's
    // business.
    let output = Command::new(std::env::current_exe()?)
        .arg("overflow")
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    line(
        "100,000 calls deep on one of 32 KiB:",
        String::from_utf8_lossy(&output.stdout).trim(),
    );
    line("", &format!("({said})"));
    expect(
        output.status.success(),
        "the stack had no end, or the process did",
    )?;
    match stack::max_mappings() {
        Some(most) => line(
            "mappings that Linux allows:",
            &format!("{most}, so {} coroutines", most / 2),
        ),
        None => line("mappings:", "this system names no limit"),
    }
    say!(
        "  A stack does not grow, and what lay on one that overflowed is lost: choose it for the deepest call."
    );
    Ok(())
}

/// Runs in a child process.
pub(crate) fn overflow() -> Outcome {
    let dug = stack::dig_in(32 * 1024, 100_000)?;
    say!("{:?}, dropped: {}", dug.depth, dug.dropped);
    expect(dug.depth.is_none(), "the stack had no end")
}

/// One program, twice.
pub(crate) fn two_ways() -> Outcome {
    heading("With a stack, and without");
    let cups = join_all(vec![go!(|| two_ways::tea(3))]);
    line(
        "stackful, cups:",
        &format!(
            "{:?}, on a stack of {} KiB",
            cups[0],
            may::config().get_stack_size() / 128
        ),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let cups_async = runtime.block_on(two_ways::tea_async(3));
    line(
        "stackless, cups:",
        &format!(
            "Ok({cups_async}), in a future of {} bytes",
            two_ways::future_size()
        ),
    );
    expect(
        cups[0] == Ok(3) && cups_async == 3,
        "the two are not the same program",
    )?;
    say!(
        "  The future knows how much it has to remember. The stack has to be large enough for anything."
    );
    Ok(())
}

/// Runs this program again as `what`, in a process of its own, and shows what it prints.
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
    heading("A thousand things from one coroutine to another, on one worker");
    // The number of workers is a process's.
    again("one-worker")?;
    say!(
        "  A queue has to know whom it makes wait: a coroutine, or the thread under all of them."
    );
    Ok(())
}

/// Runs in a child process.
pub(crate) fn one_worker() -> Outcome {
    const THINGS: u32 = 1_000;
    may::config().set_workers(1);
    say!("                                            taken  waiting at most");
    let show = |what: &str, passed: queue::Passed| {
        say!("  {what:41} {:>5} {:>16}", passed.taken, passed.most);
        passed
    };
    let (sender, receiver) = may::sync::mpsc::channel();
    let unbounded = queue::pass(
        THINGS,
        move |thing| sender.send(thing).is_ok(),
        move || receiver.recv().ok(),
    );
    show("may::sync::mpsc, no bound", unbounded);

    let ours = Arc::new(queue::Bounded::new(2));
    let (to, from) = (ours.clone(), ours);
    let put = move |thing| {
        to.put(Some(thing));
        if thing + 1 == THINGS {
            to.put(None);
        }
        true
    };
    let ours = show(
        "queue::Bounded, two places",
        queue::pass(THINGS, put, move || from.take()),
    );

    let (sender, receiver) = crossbeam::channel::bounded(2);
    let put = move |thing| queue::put(&sender, thing).is_ok();
    let asking = queue::pass(THINGS, put, move || queue::take(&receiver).ok());
    show("crossbeam, two places, asking", asking);

    let (sender, receiver) = crossbeam::channel::bounded(2);
    let limit = Duration::from_millis(100);
    let put = move |thing| sender.send_timeout(thing, limit).is_ok();
    let stuck = queue::pass(THINGS, put, move || receiver.recv().ok());
    show("crossbeam, two places, send for 100 ms", stuck);
    expect(
        unbounded.most == THINGS,
        "the maker was held back without a bound",
    )?;
    expect(
        ours.taken == THINGS && ours.most <= 3,
        "the bound did not hold",
    )?;
    expect(
        asking.taken == THINGS && asking.most <= 3,
        "crossbeam's bound did not hold",
    )?;
    expect(
        stuck.meanwhile == 0 && stuck.taken == 2,
        "somebody ran on a worker that stood still",
    )
}

/// Programs that we wait for.
pub(crate) fn subprocess() -> Outcome {
    heading("Waiting for programs");
    let sleep = || {
        let mut sleep = Command::new("sleep");
        sleep.arg("0.2");
        sleep
    };
    let start = Instant::now();
    let ended = join_all(
        (0..10)
            .map(|_| go!(move || subprocess::output(sleep())))
            .collect(),
    );
    let together = start.elapsed();
    let well = ended
        .iter()
        .flatten()
        .flatten()
        .filter(|output| output.status.success())
        .count();
    line(
        "ten programs that sleep for 0.2 s:",
        &format!("{well} ended well, in {together:.0?}"),
    );
    expect(well == 10, "`sleep` could not be run")?;

    let (reader, mut writer) = std::io::pipe()?;
    let waits = go!(move || {
        let mut cat = Command::new("cat");
        cat.stdin(reader);
        subprocess::output(cat)
    });
    let feeds = go!(move || std::io::Write::write_all(&mut writer, b"tea"));
    let said = waits.join().map_err(|_| "a coroutine panicked")??.stdout;
    feeds.join().map_err(|_| "a coroutine panicked")??;
    line(
        "one that reads what a coroutine writes:",
        &format!("{:?}", String::from_utf8_lossy(&said)),
    );
    expect(
        said == b"tea" && together < Duration::from_millis(1_900),
        "the worker stood still",
    )?;
    say!(
        "  A thread waits for the program, and the coroutine for the thread. The workers are free."
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
        let raised = stop.clone();
        on_interrupt(move || raised.set())?;
        let owned = Arc::new(());
        let (kept, looked_at) = (owned.clone(), stop.clone());
        let started = vec![
            go!(|| "was done before".to_owned()),
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
        // What the terminal does when somebody presses Ctrl-C.
        rustix::process::kill_process(
            rustix::process::getpid(),
            rustix::process::Signal::INT,
        )?;
        let ended = run_until(&stop, started);
        for (who, how) in [
            "one with little to do:",
            "one that waits:",
            "one that computes:",
        ]
        .iter()
        .zip(&ended)
        {
            line(
                who,
                how.as_deref().unwrap_or("was cancelled where it waited"),
            );
        }
        let dropped = Arc::strong_count(&owned) == 1;
        line(
            "what the cancelled one owned:",
            if dropped { "dropped" } else { "lost" },
        );
        expect(
            ended[0].is_some() && ended[1].is_none() && ended[2].is_some() && dropped,
            "somebody went on",
        )?;
        say!(
            "  The signal raises a flag and no more. The program ends itself, in its own order."
        );
    }
    #[cfg(not(unix))]
    say!("  (this system has no signals)");
    Ok(())
}
