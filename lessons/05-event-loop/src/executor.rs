//! What runs an `async fn`: a list of futures, a queue of those that can go on, and a
//! waker that puts one into it.
//!
//! A future is a state machine with one call, `poll`: go on as far as you can. When it
//! cannot, it gives a [`Waker`] to whoever knows when it can, and returns. Everything
//! else in here is a queue. There is no `unsafe`, because the standard library makes a
//! `Waker` of any `Arc` that implements [`Wake`].

use std::cell::{RefCell, RefMut};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crate::{Reactor, Remote, TimerId};

type Task = Pin<Box<dyn Future<Output = ()>>>;

// ANCHOR: waker
/// The tasks that can go on, by number. Wakers in any thread put them in, the executor
/// takes them out.
struct Queue {
    numbers: Mutex<VecDeque<u64>>,
    remote: Remote,
}

/// What a `Waker` is made of: which task, and whether it is in the queue already.
struct TaskWaker {
    number: u64,
    queued: AtomicBool,
    queue: Arc<Queue>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::SeqCst) {
            self.queue
                .numbers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push_back(self.number);
            self.queue.remote.wake();
        }
    }
}
// ANCHOR_END: waker

/// The loop and the list of new tasks, shared by the executor and its futures. Cheap to
/// clone, for one thread.
#[derive(Clone)]
pub struct Handle {
    reactor: Rc<RefCell<Reactor>>,
    new: Rc<RefCell<Vec<Task>>>,
}

impl Handle {
    /// The loop. Do not keep it across an `await` or call [`Reactor::turn`] on it.
    ///
    /// # Panics
    /// When somebody has it already: in a callback use the loop that the callback is
    /// given.
    pub fn reactor(&self) -> RefMut<'_, Reactor> {
        self.reactor.borrow_mut()
    }

    /// Starts a task. It runs until its first wait when the executor comes to it.
    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.new.borrow_mut().push(Box::pin(task));
    }

    /// Ready after `delay`. Dropped before, it takes its timer off.
    pub fn sleep(&self, delay: Duration) -> impl Future<Output = ()> + use<> {
        Sleep {
            handle: self.clone(),
            delay,
            state: Rc::default(),
        }
    }
}

// ANCHOR: executor
/// Runs futures on a [`Reactor`], all in the thread that calls it.
pub struct Executor {
    handle: Handle,
    tasks: HashMap<u64, (Task, Arc<TaskWaker>)>,
    queue: Arc<Queue>,
    next: u64,
}
// ANCHOR_END: executor

impl Executor {
    /// An executor with this loop and no task.
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

    /// What futures need to wait on this executor's loop.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    // ANCHOR: run
    /// Goes on with each task that can, and then once round the loop, until no task is
    /// left.
    ///
    /// # Errors
    /// Those of [`Reactor::turn`].
    pub fn run(&mut self) -> io::Result<()> {
        loop {
            self.admit();
            // Only those that are in the queue now: who wakes itself comes after the
            // loop's turn.
            let ready = std::mem::take(&mut *self.numbers());
            for number in ready {
                self.poll(number);
            }
            self.admit();
            if self.tasks.is_empty() {
                return Ok(());
            }
            let limit = (!self.numbers().is_empty()).then_some(Duration::ZERO);
            self.handle.reactor().turn(limit)?;
        }
    }

    fn poll(&mut self, number: u64) {
        // A waker may be kept for longer than its task lives.
        let Some((task, waker)) = self.tasks.get_mut(&number) else {
            return;
        };
        // Before the poll, for what happens during it has to be looked at again.
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
    // ANCHOR_END: run

    /// Takes in the new tasks, each with a first turn due.
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

    fn numbers(&self) -> std::sync::MutexGuard<'_, VecDeque<u64>> {
        self.queue
            .numbers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Executor {
    /// Runs this future and all tasks that it starts; gives the future's result when all
    /// have ended.
    ///
    /// # Errors
    /// Those of [`Reactor::turn`].
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
        // The last waker counts: a future may be polled by one task and then by another.
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
