//! One program with stacks and without: a coroutine that can stop anywhere, and a future
//! that can stop where it says so.

use std::time::Duration;

// ANCHOR: stackful
/// Stackful: plain functions. That `boil` waits does not show, neither here nor in its
/// callers.
pub fn tea(cups: u32) -> u32 {
    (0..cups).map(|_| boil()).sum()
}

fn boil() -> u32 {
    may::coroutine::sleep(Duration::from_millis(1));
    1
}
// ANCHOR_END: stackful

// ANCHOR: stackless
/// Stackless: whoever waits is `async`, and so is whoever calls it. The compiler makes a
/// state machine of it, which is as large as what it has to remember.
pub async fn tea_async(cups: u32) -> u32 {
    let mut sum = 0;
    for _ in 0..cups {
        sum += boil_async().await;
    }
    sum
}

async fn boil_async() -> u32 {
    tokio::time::sleep(Duration::from_millis(1)).await;
    1
}
// ANCHOR_END: stackless

/// How many bytes the future of [`tea_async`] has.
pub fn future_size() -> usize {
    size_of_val(&tea_async(1))
}
