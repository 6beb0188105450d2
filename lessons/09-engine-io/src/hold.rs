//! Whether a connection's end is held back: see [`stream`](crate::stream).
//!
//! Two tasks meet here: the one that reads the connection, and the one that answers its
//! request. The hold knows no stream, so a model checker can try all their orders
//! (`model.rs`, which replaces `sync`).

use std::task::{Context, Poll};

use super::sync::{AtomicU8, AtomicWaker, Ordering};

/// The end may be seen.
const FREE: u8 = 0;
/// A request is being answered.
const HELD: u8 = 1;
/// It cannot be answered without more of its body. The next bytes may be the rest of it,
/// so they hold the end again until the request has seen them.
const WANTS_MORE: u8 = 2;

/// Whether a connection's end is held back.
#[derive(Debug, Default)]
pub(crate) struct Hold {
    state: AtomicU8,
    reader: AtomicWaker,
}

impl Hold {
    /// A request is being answered: its client's end can wait.
    pub(crate) fn hold(&self) {
        self.state.store(HELD, Ordering::Release);
    }

    /// The response is there, or it is waited for until the client has gone.
    pub(crate) fn release(&self) {
        self.state.store(FREE, Ordering::Release);
        self.reader.wake();
    }

    /// The request cannot be answered without more of its body.
    pub(crate) fn wants_more(&self) {
        if self.swap(HELD, WANTS_MORE) {
            self.reader.wake();
        }
    }

    /// More bytes came, perhaps of the body that is waited for.
    pub(crate) fn more_came(&self) {
        self.swap(WANTS_MORE, HELD);
    }

    fn swap(&self, from: u8, to: u8) -> bool {
        let swapped =
            self.state
                .compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed);
        swapped.is_ok()
    }

    /// Waits until the end may be seen.
    pub(crate) fn poll_released(&self, cx: &mut Context<'_>) -> Poll<()> {
        let held = || self.state.load(Ordering::Acquire) == HELD;
        if held() {
            self.reader.register(cx.waker());
            // It may have been released before the waker was there.
            if held() {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }
}
