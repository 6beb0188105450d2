//! Caught by: woken_twice_is_polled_once
//!
//! Each wake puts the task into the queue.

use std::collections::{HashMap, VecDeque};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Wakes a thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future to its end; the thread sleeps while there is nothing to do.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker))
        {
            return value;
        }
        thread::park();
    }
}

/// The numbers of the tasks that are ready.
#[derive(Default)]
struct Queue(Mutex<VecDeque<usize>>);

impl Queue {
    fn numbers(&self) -> MutexGuard<'_, VecDeque<usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a task into the queue, if it is not there.
struct TaskWaker {
    number: usize,
    queued: AtomicBool,
    queue: Arc<Queue>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.queued.store(true, Ordering::SeqCst);
        {
            self.queue.numbers().push_back(self.number);
        }
    }
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Runs tasks in turn.
#[derive(Default)]
pub struct Executor {
    tasks: HashMap<usize, (Task, Arc<TaskWaker>)>,
    queue: Arc<Queue>,
    next: usize,
}

impl Executor {
    /// Takes a task, which is ready.
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

    /// Polls each task that is ready now, once; how many that were.
    pub fn run_ready(&mut self) -> usize {
        let ready = std::mem::take(&mut *self.queue.numbers());
        let mut polled = 0;
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
                self.tasks.remove(&number);
            }
        }
        polled
    }

    /// How many tasks have not ended.
    #[allow(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }
}
