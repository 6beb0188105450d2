//! Waiting for several things at once: `select`.

use std::time::Duration;

use may::select;
use may::sync::mpsc::Receiver;

/// What came first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum First<T> {
    /// From the first channel.
    Left(T),
    /// From the second.
    Right(T),
    /// From both, at once.
    Both(T, T),
    /// Nothing, in time.
    Nothing,
}

// ANCHOR: first
/// Waits on two channels, no longer than `limit`. A channel that has ended counts as
/// [`First::Nothing`].
pub fn first<T: Send>(
    left: &Receiver<T>,
    right: &Receiver<T>,
    limit: Duration,
) -> First<T> {
    let (mut from_left, mut from_right) = (None, None);
    wait(|| {
        // What is received is kept before the arm says that it has something: there it is
        // cancelled if another was first.
        select!(
            () = from_left = left.recv().ok() => {},
            () = from_right = right.recv().ok() => {},
            () = may::coroutine::sleep(limit) => {}
        )
    });
    match (from_left, from_right) {
        (Some(left), Some(right)) => First::Both(left, right),
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
