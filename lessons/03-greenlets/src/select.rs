//! Waiting for whichever of several things comes first: `select`.

use std::time::Duration;

use may::select;
use may::sync::mpsc::Receiver;

/// What came first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum First<T> {
    /// A message from the first channel.
    Left(T),
    /// A message from the second channel.
    Right(T),
    /// A message from each of them, at the same time.
    Both(T, T),
    /// No message in time.
    Nothing,
}

// ANCHOR: first
/// Waits for a message from either channel, but at most `limit`. A channel that is closed
/// counts as [`First::Nothing`].
pub fn first<T: Send>(
    left: &Receiver<T>,
    right: &Receiver<T>,
    limit: Duration,
) -> First<T> {
    let (mut from_left, mut from_right) = (None, None);
    wait(|| {
        select!(
            () = from_left = left.recv().ok() => {},
            () = from_right = right.recv().ok() => {},
            () = may::coroutine::sleep(limit) => {}
        )
    });
    match (from_left, from_right) {
        (Some(left), Some(right)) => First::Both(left, right),
        (Some(left), _) => First::Left(left),
        (_, Some(right)) => First::Right(right),
        _ => First::Nothing,
    }
}
// ANCHOR_END: first

/// Gives `select!` a function to return from: it contains a `return`.
fn wait(select: impl FnOnce() -> usize) -> usize {
    select()
}
