//! Waiting for several things at once: `select`.

use may::select;
use may::sync::mpsc::Receiver;
use std::time::Duration;

/// What came first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum First<T> {
    /// From the first channel.
    Left(T),
    /// From the second.
    Right(T),
    /// Nothing, in time.
    Nothing,
}

// ANCHOR: first
/// Waits on two channels, no longer than `limit`.
///
/// When both have something at once, both are received, and what came second is dropped: it is for channels that carry
/// signals. A channel that has ended counts as [`First::Nothing`].
pub fn first<T: Send + Clone>(left: &Receiver<T>, right: &Receiver<T>, limit: Duration) -> First<T> {
    let (mut from_left, mut from_right) = (None, None);
    wait(|| {
        select!(
            came = left.recv() => from_left = came.ok(),
            came = right.recv() => from_right = came.ok(),
            () = may::coroutine::sleep(limit) => {}
        )
    });
    match (from_left, from_right) {
        (Some(came), _) => First::Left(came),
        (_, Some(came)) => First::Right(came),
        _ => First::Nothing,
    }
}
// ANCHOR_END: first

/// The macro returns from the function that it stands in, so it stands in one of its own.
fn wait(select: impl FnOnce() -> usize) -> usize {
    select()
}
