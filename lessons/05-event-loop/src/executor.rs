//! The program that runs `async fn`s: a map of tasks, a queue with the numbers of the
//! tasks that can continue, and a waker that adds a number to the queue.
//!
//! A future is a state machine with one method, `poll`: continue as far as you can. When
//! it has to wait, it leaves a [`Waker`] with whatever will know that the wait is over,
//! and returns. The rest of this file is a queue. There is no `unsafe`, because the
//! standard library makes a `Waker` from any `Arc` whose content implements [`Wake`].

use std::cell::{RefCell, RefMut};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crate::{Reactor, Remote, TimerId};

// ANCHOR: task
type Task = Pin<Box<dyn Future<Output = ()>>>;
// ANCHOR_END: task

// ANCHOR: waker
/// The numbers of the tasks that can continue. Wakers on any thread add them, and the
/// executor takes them out.
struct Queue {
    numbers: Mutex<VecDeque<u64>>,
    remote: Remote,
}

/// The content of a `Waker`: which task, and whether its number is already queued.
struct TaskWaker {
    number: u64,
    queued: AtomicBool,
    queue: Arc<Queue>,
}
// ANCHOR_END: waker

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::SeqCst) {
            self.queue.numbers().push_back(self.number);
            self.queue.remote.wake();
        }
    }
}

impl Queue {
    fn numbers(&self) -> MutexGuard<'_, VecDeque<u64>> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The loop and the list of new tasks, shared by the executor and its futures. Cheap to
/// clone, and confined to one thread.
#[derive(Clone)]
pub struct Handle {
    reactor: Rc<RefCell<Reactor>>,
    new: Rc<RefCell<Vec<Task>>>,
}

impl Handle {
    /// Borrows the loop. Do not keep it across an `await`, and do not call
    /// [`Reactor::turn`] on it.
    ///
    /// # Panics
    /// Panics if the loop is borrowed already. A callback has to use the loop that is
    /// passed to it.
    pub fn reactor(&self) -> RefMut<'_, Reactor> {
        self.reactor.borrow_mut()
    }

    /// Adds a task. The executor polls it for the first time in its next round.
    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.new.borrow_mut().push(Box::pin(task));
    }

    /// Returns a future that is ready `delay` after its first poll. Dropping it cancels
    /// its timer.
    pub fn sleep(&self, delay: Duration) -> impl Future<Output = ()> + use<> {
        Sleep {
            handle: self.clone(),
            delay,
            state: Rc::default(),
        }
    }
}

// ANCHOR: executor
/// Runs futures on a [`Reactor`], all in the calling thread.
pub struct Executor {
    handle: Handle,
    tasks: HashMap<u64, (Task, Arc<TaskWaker>)>,
    queue: Arc<Queue>,
    next: u64,
}
// ANCHOR_END: executor

impl Executor {
    /// Creates an executor with this loop and no tasks.
    pub fn new(reactor: Reactor) -> Self {
        let queue = Arc::new(Queue {
            numbers: Mutex::default(),
            remote: reactor.remote(),
        });
        let handle = Handle {
            reactor: Rc::new(RefCell::new(reactor)),
            new: Rc::default(),
        };
        Self {
            handle,
            tasks: HashMap::new(),
            queue,
            next: 0,
        }
    }

    /// Returns the handle with which futures wait on this executor's loop.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    // ANCHOR: run
    /// Polls every task that can continue, lets the loop turn once, and repeats until no
    /// task is left.
    ///
    /// # Errors
    /// Returns the errors of [`Reactor::turn`].
    pub fn run(&mut self) -> io::Result<()> {
        loop {
            self.admit();
            // The whole queue at once: a task that wakes itself waits until the loop has
            // turned.
            let ready = std::mem::take(&mut *self.queue.numbers());
            for number in ready {
                self.poll(number);
            }
            self.admit();
            if self.tasks.is_empty() {
                return Ok(());
            }
            let limit = (!self.queue.numbers().is_empty()).then_some(Duration::ZERO);
            self.handle.reactor().turn(limit)?;
        }
    }

    // ANCHOR_END: run

    fn poll(&mut self, number: u64) {
        // A waker can outlive its task.
        let Some((task, waker)) = self.tasks.get_mut(&number) else {
            return;
        };
        // Before the poll: a wake during the poll has to queue the task again.
        waker.queued.store(false, Ordering::SeqCst);
        let waker = Waker::from(waker.clone());
        if task
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_ready()
        {
            self.tasks.remove(&number);
        }
    }

    /// Numbers the new tasks and queues each for its first poll.
    fn admit(&mut self) {
        for task in self.handle.new.take() {
            let (number, queue) = (self.next, self.queue.clone());
            let waker = Arc::new(TaskWaker {
                number,
                queued: AtomicBool::new(false),
                queue,
            });
            self.next += 1;
            self.tasks.insert(number, (task, waker.clone()));
            waker.wake();
        }
    }
}

impl Executor {
    /// Runs this future and every task that it spawns. Returns the future's result when
    /// all of them have ended.
    ///
    /// # Errors
    /// Returns the errors of [`Reactor::turn`].
    pub fn block_on<T: 'static>(
        &mut self,
        future: impl Future<Output = T> + 'static,
    ) -> io::Result<T> {
        let result = Rc::new(RefCell::new(None));
        let place = result.clone();
        self.handle.spawn(async move {
            let value = future.await;
            *place.borrow_mut() = Some(value);
        });
        self.run()?;
        // `run` returns when no task is left, and a task ends only when its future is
        // ready.
        result
            .take()
            .ok_or_else(|| io::Error::other("the future did not end"))
    }
}

#[derive(Default)]
struct SleepState {
    over: bool,
    waker: Option<Waker>,
    timer: Option<TimerId>,
}

struct Sleep {
    handle: Handle,
    delay: Duration,
    state: Rc<RefCell<SleepState>>,
}

// ANCHOR: sleep
impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.borrow_mut();
        if state.over {
            return Poll::Ready(());
        }
        // The newest waker counts: a future can be polled by one task and then by another.
        state.waker = Some(context.waker().clone());
        if state.timer.is_none() {
            let shared = self.state.clone();
            state.timer = Some(self.handle.reactor().after(self.delay, move |_| {
                let mut state = shared.borrow_mut();
                state.over = true;
                if let Some(waker) = state.waker.take() {
                    waker.wake();
                }
            }));
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timer) = self.state.borrow().timer {
            self.handle.reactor().cancel(timer);
        }
    }
}
// ANCHOR_END: sleep
