//! One program with stacks and without: a coroutine, which can stop anywhere, and a
//! future, which can stop where it says so.

use std::time::Duration;

// ANCHOR: stackful
/// Stackful: plain functions. Neither the signature of `boil` nor that of its caller
/// shows that it waits.
pub fn tea(cups: u32) -> u32 {
    (0..cups).map(|_| boil()).sum()
}

fn boil() -> u32 {
    may::coroutine::sleep(Duration::from_millis(1));
    1
}
// ANCHOR_END: stackful

// ANCHOR: stackless
/// Stackless: a function that waits is `async`, and so is every function that calls it.
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

/// Returns the size of the future of [`tea_async`] in bytes.
pub fn future_size() -> usize {
    size_of_val(&tea_async(1))
}
