//! Coroutine-locals: `gevent.local`, and why a thread-local is not enough.

use std::cell::Cell;
use std::sync::Arc;

use may::sync::Barrier;
use may::{coroutine_local, go};

// ANCHOR: statics
thread_local!(static OF_THE_THREAD: Cell<u32> = const { Cell::new(0) });
coroutine_local!(static OF_THE_COROUTINE: Cell<u32> = Cell::new(0));
// ANCHOR_END: statics

/// Starts `count` coroutines. Each stores its number with `store`, waits until all the
/// others have done the same, and loads a number. Returns how many loaded a wrong one.
pub fn mixed_up(count: u32, store: fn(u32), load: fn() -> u32) -> usize {
    let all_stored = Arc::new(Barrier::new(count as usize));
    let started: Vec<_> = (1..=count)
        .map(|number| {
            let all_stored = all_stored.clone();
            // ANCHOR: trap
            go!(move || {
                store(number);
                all_stored.wait();
                load() != number
            })
            // ANCHOR_END: trap
        })
        .collect();
    started
        .into_iter()
        .filter_map(|handle| handle.join().ok())
        .filter(|wrong| *wrong)
        .count()
}

/// Stores the numbers in a thread-local, which all coroutines on that thread share.
pub fn in_thread(count: u32) -> usize {
    mixed_up(
        count,
        |number| OF_THE_THREAD.set(number),
        || OF_THE_THREAD.get(),
    )
}

/// Stores the numbers in a coroutine-local.
pub fn in_coroutine(count: u32) -> usize {
    mixed_up(
        count,
        |number| OF_THE_COROUTINE.with(|place| place.set(number)),
        || OF_THE_COROUTINE.with(Cell::get),
    )
}
