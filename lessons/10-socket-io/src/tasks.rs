//! The tasks that a server starts. They have one owner, which can wait for them, and a
//! panic in a user's code ends only that code.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tracing::{Instrument, Span};

/// The runtime that a server's tasks run on, and a count of those that do.
#[derive(Debug)]
pub(crate) struct Tasks {
    runtime: Handle,
    tracker: TaskTracker,
}

impl Tasks {
    /// Tasks on the current runtime.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub(crate) fn new() -> Self {
        Self {
            runtime: Handle::current(),
            tracker: TaskTracker::new(),
        }
    }

    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn_on(work, &self.runtime);
    }

    /// As [`spawn`](Self::spawn), until the returned handle is dropped: for work that does
    /// not end by itself, and that [`finish`](Self::finish) would wait for in vain.
    pub(crate) fn spawn_owned(
        &self,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> AbortOnDropHandle<()> {
        AbortOnDropHandle::new(self.tracker.spawn_on(work, &self.runtime))
    }

    /// After [`finish`](Self::finish), tasks are waited for again.
    pub(crate) fn reopen(&self) {
        self.tracker.reopen();
    }

    /// As [`spawn`](Self::spawn), inside a client's span. Without one nothing is wrapped:
    /// such a task may start for each event.
    pub(crate) fn spawn_in(
        &self,
        span: Option<&Span>,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        match span {
            Some(span) => self.spawn(work.instrument(span.clone())),
            None => self.spawn(work),
        }
    }

    /// Waits until no task is left, or for this long.
    pub(crate) async fn finish(&self, patience: Duration) {
        self.tracker.close();
        if timeout(patience, self.tracker.wait()).await.is_err() {
            tracing::warn!(
                left = self.tracker.len(),
                "handlers that did not end in time"
            );
        }
    }
}

/// Calls a user's function. Returns `None` if it panics.
pub(crate) fn guarded<R>(work: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(work)).map_err(forget).ok()
}

/// Awaits a user's future, which the caller has pinned: as an argument it would take its
/// place in the task twice. Returns `None` if it panics, or if dropping it does.
pub(crate) async fn guarded_async<F: Future>(
    mut slot: Pin<&mut Option<F>>,
) -> Option<F::Output> {
    let output = poll_fn(|cx| match slot.as_mut().as_pin_mut() {
        Some(future) => match guarded(|| future.poll(cx)) {
            Some(Poll::Pending) => Poll::Pending,
            Some(Poll::Ready(output)) => Poll::Ready(Some(output)),
            None => Poll::Ready(None),
        },
        None => Poll::Ready(None),
    })
    .await;
    guarded(|| slot.set(None)).and(output)
}

/// A panic's payload can be a value whose `Drop` panics.
fn forget(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}

/// A user's value: a panic when it is dropped goes no further.
#[derive(Debug, Default)]
pub(crate) struct Quarantine<T>(Option<T>);

impl<T> Quarantine<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }

    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        self.0.as_mut()
    }

    pub(crate) fn take(&mut self) -> Option<T> {
        self.0.take()
    }
}

impl<T> Drop for Quarantine<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        guarded(|| drop(value));
    }
}

/// Lets a message into the log once a minute, with the number of those left out: one
/// client must not be able to fill a disk.
#[derive(Debug)]
pub(crate) struct Seldom {
    /// Milliseconds since the first use, and one more; 0 before.
    last: AtomicU64,
    left_out: AtomicU64,
}

impl Seldom {
    const PAUSE: u64 = 60_000;

    pub(crate) const fn new() -> Self {
        Self {
            last: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
        }
    }

    /// Returns how many messages were left out since the last one, or `None` if this one
    /// is left out too.
    pub(crate) fn allow(&self) -> Option<u64> {
        static START: std::sync::LazyLock<std::time::Instant> =
            std::sync::LazyLock::new(std::time::Instant::now);
        let now = u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.allow_at(now.saturating_add(1))
    }

    fn allow_at(&self, now: u64) -> Option<u64> {
        let last = self.last.load(Ordering::Relaxed);
        let due = last == 0 || now.saturating_sub(last) >= Self::PAUSE;
        if due
            && self
                .last
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            Some(self.left_out.swap(0, Ordering::Relaxed))
        } else {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            None
        }
    }
}

/// A mistake of the program that a client can repeat a million times.
pub(crate) fn complain(message: &str) {
    static SELDOM: Seldom = Seldom::new();
    if let Some(left_out) = SELDOM.allow() {
        tracing::error!(left_out, "{message}");
    } else {
        tracing::debug!("{message}");
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }

    #[tokio::test]
    async fn a_panic_ends_with_the_call_whether_it_comes_early_or_late() {
        assert_eq!(guarded(|| 7), Some(7));
        assert!(guarded(|| panic!("on purpose")).is_none());
        assert!(guarded(|| std::panic::panic_any(Bomb)).is_none());
        assert_eq!(guarded_async(pin!(Some(async { 7 }))).await, Some(7));
        let late = pin!(Some(async {
            tokio::task::yield_now().await;
            panic!("on purpose")
        }));
        assert_eq!(guarded_async(late).await, None::<()>);
        let bomb = Bomb;
        let at_the_end = pin!(Some(poll_fn(move |_| {
            let _ = &bomb;
            Poll::Ready(7)
        })));
        assert_eq!(guarded_async(at_the_end).await, None);
        drop(Quarantine::new(Bomb));
    }

    #[test]
    fn the_log_gets_one_message_a_minute_and_the_number_of_the_others() {
        let seldom = Seldom::new();
        assert_eq!(seldom.allow_at(1), Some(0));
        for now in [2, 3, 60_000] {
            assert_eq!(seldom.allow_at(now), None);
        }
        assert_eq!(seldom.allow_at(60_001), Some(3));
        assert_eq!(seldom.allow_at(60_002), None);
    }
}
