//! The first program of chapter 3: starts two coroutines, sleeps in both, joins both.

// ANCHOR: first
use std::time::Duration;

use may::{coroutine, go};

fn main() {
    let tea = go!(|| {
        coroutine::sleep(Duration::from_millis(500));
        println!("The tea is ready.");
        3
    });
    let toast = go!(|| {
        coroutine::sleep(Duration::from_millis(100));
        println!("The toast is ready.");
        2
    });
    let cups = tea.join().expect("the first coroutine does not panic");
    let slices = toast.join().expect("nor does the second");
    println!("{cups} cups of tea and {slices} slices of toast.");
}
// ANCHOR_END: first
