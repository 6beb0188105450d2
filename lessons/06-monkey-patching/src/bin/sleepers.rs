//! Starts threads that sleep for 100 ms, all at once, and counts the threads that the
//! kernel has in the meantime. It depends on the standard library alone.

use std::time::{Duration, Instant};
use std::{env, fs, thread};

fn main() {
    let count = env::args()
        .nth(1)
        .and_then(|count| count.parse().ok())
        .unwrap_or(100_u32);
    let begin = Instant::now();
    let sleepers: Vec<_> = (0..count)
        .map(|number| {
            let sleeper = thread::Builder::new().name(format!("sleeper {number}"));
            sleeper.spawn(|| {
                thread::sleep(Duration::from_millis(100));
                thread::current().name().map(str::to_owned)
            })
        })
        .collect();
    let threads = fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    let mut own_name = 0;
    for (number, sleeper) in sleepers.into_iter().enumerate() {
        let name = sleeper
            .ok()
            .and_then(|sleeper| sleeper.join().ok())
            .flatten();
        own_name += u32::from(name == Some(format!("sleeper {number}")));
    }
    println!(
        "{own_name} of {count} woke under their own name, {threads} threads, {:?}",
        begin.elapsed()
    );
}
