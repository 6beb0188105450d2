//! The cost of a thread and of a process, as CSV.

use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use units::kernel;

use super::child;
use crate::{Cost, Outcome};

pub(crate) fn measure(what: Cost) -> Outcome {
    match what {
        Cost::Creation => creation(),
        Cost::Switch => switch(),
        Cost::Memory => memory(),
    }
}

/// Prints the microseconds to start one and wait until it has ended.
fn creation() -> Outcome {
    terminal::say!("started,microseconds");
    terminal::say!(
        "thread,{:.1}",
        median(200, || Ok(thread::spawn(|| ())
            .join()
            .map_err(|_| "a thread panicked")?))?
    );
    #[cfg(unix)]
    terminal::say!(
        "fork,{:.1}",
        median(200, || units::counter::two_processes(1)
            .map(drop)
            .map_err(Into::into))?
            / 2.0
    );
    terminal::say!(
        "program,{:.1}",
        median(50, || Ok(child::command("nothing")?.status().map(drop)?))?
    );
    Ok(())
}

/// Prints the microseconds for a round trip of one byte, with both sides on one core:
/// only one of them can run at a time, so each byte needs a switch.
fn switch() -> Outcome {
    const ROUNDS: u32 = 2_000;
    stay_on_one_core()?;
    terminal::say!("between,microseconds");

    let (to, from_us) = mpsc::channel::<u8>();
    let (to_us, from) = mpsc::channel::<u8>();
    let other =
        thread::spawn(move || from_us.iter().try_for_each(|byte| to_us.send(byte)));
    let channel = median(7, || {
        for _ in 0..ROUNDS {
            to.send(1)?;
            from.recv()?;
        }
        Ok(())
    })?;
    drop(to);
    other
        .join()
        .map_err(|_| "a thread panicked")?
        .map_err(|_| "a thread stopped early")?;
    terminal::say!("threads over a channel,{:.2}", channel / f64::from(ROUNDS));

    let (mut from_us, mut to) = std::io::pipe()?;
    let (mut from, mut to_us) = std::io::pipe()?;
    let other = thread::spawn(move || -> std::io::Result<()> {
        let mut byte = [0];
        while from_us.read(&mut byte)? > 0 {
            to_us.write_all(&byte)?;
        }
        Ok(())
    });
    let pipes = median(7, || ping(ROUNDS, &mut from, &mut to))?;
    drop(to);
    other.join().map_err(|_| "a thread panicked")??;
    terminal::say!("threads over pipes,{:.2}", pipes / f64::from(ROUNDS));

    let mut child = child::command("echo")?
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (Some(mut to), Some(mut from)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("the child has no pipes".into());
    };
    let processes = median(7, || ping(ROUNDS, &mut from, &mut to))?;
    drop(to);
    child.wait()?;
    terminal::say!("processes over pipes,{:.2}", processes / f64::from(ROUNDS));
    Ok(())
}

fn ping(rounds: u32, from: &mut impl Read, to: &mut impl Write) -> Outcome {
    let mut byte = [1];
    for _ in 0..rounds {
        to.write_all(&byte)?;
        from.read_exact(&mut byte)?;
    }
    Ok(())
}

/// Prints the KiB of private memory that one more waiting thread or process needs.
fn memory() -> Outcome {
    const THREADS: u16 = 500;
    const PROCESSES: u16 = 20;
    terminal::say!("one more,KiB");
    let before = private_kib("self")?;
    let (started, is_started) = mpsc::channel();
    let mut stop = Vec::new();
    let mut threads = Vec::new();
    for _ in 0..THREADS {
        let (sender, receiver) = mpsc::channel::<()>();
        let started = started.clone();
        stop.push(sender);
        threads.push(thread::spawn(move || {
            let _ = started.send(());
            let _ = receiver.recv();
        }));
    }
    is_started.iter().take(usize::from(THREADS)).for_each(drop);
    let thread_kib = (private_kib("self")? - before) / f64::from(THREADS);
    drop(stop);
    for thread in threads {
        thread.join().map_err(|_| "a thread panicked")?;
    }
    terminal::say!("thread,{thread_kib:.1}");

    let mut children = Vec::new();
    for _ in 0..PROCESSES {
        children.push(child::command("wait")?.stdin(Stdio::piped()).spawn()?);
    }
    let mut sum = 0.0;
    for child in &children {
        wait_until_asleep(child)?;
        sum += private_kib(&child.id().to_string())?;
    }
    for mut child in children {
        drop(child.stdin.take());
        child.wait()?;
    }
    terminal::say!("process,{:.1}", sum / f64::from(PROCESSES));
    Ok(())
}

/// Keeps this thread, and the threads and children that it starts from now on, on the
/// present core.
#[cfg(target_os = "linux")]
fn stay_on_one_core() -> Outcome {
    let mut one = rustix::thread::CpuSet::new();
    one.set(rustix::thread::sched_getcpu());
    Ok(rustix::thread::sched_setaffinity(None, &one)?)
}

#[cfg(not(target_os = "linux"))]
fn stay_on_one_core() -> Outcome {
    eprintln!(
        "this system cannot keep a program on one core: both sides may run at once"
    );
    Ok(())
}

/// Waits until the child sleeps on its input; before that, some of its memory is not yet
/// in use.
fn wait_until_asleep(child: &Child) -> Outcome {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        let tasks = kernel::tasks_of(&child.id().to_string())?;
        if tasks
            .iter()
            .all(|task| task.state == 'S' && task.name.starts_with("lesson-01"))
        {
            return Ok(());
        }
        thread::yield_now();
    }
    Err("a child did not start to wait for its input within 20 seconds".into())
}

/// Returns the memory of a process that it shares with no other.
fn private_kib(process: &str) -> Result<f64, Box<dyn std::error::Error>> {
    Ok(u32::try_from(kernel::memory_of(process)?.private_kib)?.into())
}

/// Returns the median time of a run, in microseconds.
fn median(
    runs: usize,
    mut work: impl FnMut() -> Outcome,
) -> Result<f64, Box<dyn std::error::Error>> {
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[runs / 2])
}
