//! Caught by: an_ended_task_is_dropped_before_the_next_is_polled
//!
//! It drops ended tasks only after it has polled the others.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};

/// The numbers of the ready tasks.
#[derive(Default)]
struct Queue(Mutex<VecDeque<usize>>);

impl Queue {
    fn numbers(&self) -> MutexGuard<'_, VecDeque<usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The content of a waker: queues its task, unless it is queued already.
struct TaskWaker {
    number: usize,
    queued: AtomicBool,
    queue: Arc<Queue>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::SeqCst) {
            self.queue.numbers().push_back(self.number);
        }
    }
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Polls tasks, one after another.
#[derive(Default)]
pub struct Executor {
    tasks: HashMap<usize, (Task, Arc<TaskWaker>)>,
    queue: Arc<Queue>,
    next: usize,
}

impl Executor {
    /// Adds a task, which is ready.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + 'static) {
        let (number, queue) = (self.next, self.queue.clone());
        self.next += 1;
        let waker = Arc::new(TaskWaker {
            number,
            queued: AtomicBool::new(false),
            queue,
        });
        self.tasks.insert(number, (Box::pin(task), waker.clone()));
        waker.wake();
    }

    /// Polls each task that is ready now, once. Returns how many it polled.
    pub fn run_ready(&mut self) -> usize {
        let ready = std::mem::take(&mut *self.queue.numbers());
        let (mut polled, mut ended) = (0, Vec::new());
        for number in ready {
            let Some((task, waker)) = self.tasks.get_mut(&number) else {
                continue;
            };
            waker.queued.store(false, Ordering::SeqCst);
            let waker = Waker::from(waker.clone());
            polled += 1;
            if task
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_ready()
            {
                ended.push(number);
            }
        }
        for number in ended {
            self.tasks.remove(&number);
        }
        polled
    }

    /// Returns the number of tasks that have not ended.
    #[allow(clippy::len_without_is_empty, reason = "the exercise needs no is_empty")]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }
}
