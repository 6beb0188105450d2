//! Variables of one's own: `gevent.local`, and why a thread's own do not do.

use std::cell::Cell;
use std::sync::Arc;

use may::sync::Barrier;
use may::{coroutine_local, go};

thread_local!(static OF_THE_THREAD: Cell<u32> = const { Cell::new(0) });
coroutine_local!(static OF_THE_COROUTINE: Cell<u32> = Cell::new(0));

// ANCHOR: trap
/// Each of `count` coroutines keeps its number, lets all others do the same, and looks
/// what is there: how many find another's.
pub fn mixed_up(count: u32, keep: fn(u32), look: fn() -> u32) -> usize {
    let all_have = Arc::new(Barrier::new(count as usize));
    let started: Vec<_> = (1..=count)
        .map(|number| {
            let all_have = all_have.clone();
            go!(move || {
                keep(number);
                all_have.wait();
                look() != number
            })
        })
        .collect();
    started
        .into_iter()
        .filter_map(|one| one.join().ok())
        .filter(|wrong| *wrong)
        .count()
}

/// Keeps it in a variable of the thread, which all coroutines on that thread share.
pub fn in_thread(count: u32) -> usize {
    mixed_up(
        count,
        |number| OF_THE_THREAD.set(number),
        || OF_THE_THREAD.get(),
    )
}

/// Keeps it in a variable of the coroutine.
pub fn in_coroutine(count: u32) -> usize {
    mixed_up(
        count,
        |number| OF_THE_COROUTINE.with(|place| place.set(number)),
        || OF_THE_COROUTINE.with(Cell::get),
    )
}
// ANCHOR_END: trap
