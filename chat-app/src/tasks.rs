//! The chat's background tasks, and their owner.
//!
//! A task that is spawned and forgotten outlives whatever it works for: nothing stops it,
//! and nothing can tell whether it has finished. Here one owner spawns every
//! task, cancels all of them and waits until they have ended.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Owns tasks. A cheap handle: clone it.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Runs the future in a task, until it completes or [`Tasks::shutdown`] is called.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            stop.run_until_cancelled_owned(future).await;
        });
    }

    /// Stops all tasks at their next `await`, and waits until they have ended.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn shutdown_waits_until_every_task_has_ended() {
        let (tasks, alive) = (Tasks::default(), Arc::new(()));
        for _ in 0..10 {
            let alive = alive.clone();
            tasks.spawn(async move {
                std::future::pending::<()>().await;
                drop(alive);
            });
        }
        tokio::task::yield_now().await;
        tasks.shutdown().await;
        assert_eq!(
            Arc::strong_count(&alive),
            1,
            "each task has dropped its own"
        );
        let late = alive.clone();
        tasks.spawn(async move { drop(late) });
        tasks.shutdown().await;
        assert_eq!(
            Arc::strong_count(&alive),
            1,
            "what is spawned later ends too"
        );
    }
}
