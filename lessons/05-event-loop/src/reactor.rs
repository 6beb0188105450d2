//! The loop itself: sleep until a source is ready or a timer is due, then run the
//! callbacks that were waiting for it, one after another.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{
    Interest, Poller, Ready, Remote, Source, TimerId, Timers, Token, Trigger, best_poller,
};

type OnReady = Box<dyn FnMut(&mut Reactor, Ready)>;
type OnTime = Box<dyn FnOnce(&mut Reactor)>;

// ANCHOR: slot
/// The place of one source's callback.
#[derive(Default)]
struct Slot {
    /// Counts the sources that have used this slot. Part of the token, so the token of a
    /// former source matches nothing.
    generation: u32,
    taken: bool,
    /// `None` while it runs.
    callback: Option<OnReady>,
}
// ANCHOR_END: slot

// ANCHOR: reactor
/// An event loop: a struct like any other, not a global.
pub struct Reactor {
    poller: Box<dyn Poller>,
    slots: Vec<Slot>,
    free: Vec<usize>,
    timers: Timers<OnTime>,
    remote: Remote,
    clock: Box<dyn Fn() -> Instant>,
    found: Vec<Ready>,
    stopped: bool,
}
// ANCHOR_END: reactor

impl Reactor {
    /// Creates a loop on the best poller for this system.
    ///
    /// # Errors
    /// Returns an error if the process has no descriptor left.
    pub fn new() -> io::Result<Self> {
        Self::with(best_poller()?, Instant::now)
    }

    /// Creates a loop on this poller, which reads this clock. A test passes a clock that
    /// it sets itself.
    ///
    /// # Errors
    /// Returns an error if the process has no descriptor left.
    pub fn with(
        poller: Box<dyn Poller>,
        clock: impl Fn() -> Instant + 'static,
    ) -> io::Result<Self> {
        let (remote, pipe) = Remote::new()?;
        let mut reactor = Self {
            poller,
            slots: Vec::new(),
            free: Vec::new(),
            timers: Timers::default(),
            remote,
            clock: Box::new(clock),
            found: Vec::new(),
            stopped: false,
        };
        // The pipe that wakes the loop is an ordinary source, in the first slot. Its
        // callback empties it.
        let pipe = Arc::new(pipe);
        reactor.register(
            pipe.clone(),
            Interest::READABLE,
            Trigger::Level,
            move |_, _| {
                while rustix::io::read(&pipe, &mut [0; 64]).is_ok_and(|count| count > 0) {
                }
            },
        )?;
        Ok(reactor)
    }

    /// Returns the name of the poller's call.
    pub fn poller_name(&self) -> &'static str {
        self.poller.name()
    }

    /// Returns the time by the loop's clock.
    pub fn now(&self) -> Instant {
        (self.clock)()
    }

    /// Returns a way into this loop for other threads.
    pub fn remote(&self) -> Remote {
        self.remote.clone()
    }

    /// Returns the number of watched sources, without the loop's own pipe.
    pub fn sources(&self) -> usize {
        self.slots.len() - self.free.len() - 1
    }

    /// Returns the number of waiting timers.
    pub fn timers(&self) -> usize {
        self.timers.len()
    }

    /// Calls `callback` whenever `source` is ready.
    ///
    /// # Errors
    /// Returns the errors of [`Poller::add`].
    pub fn register(
        &mut self,
        source: Source,
        interest: Interest,
        trigger: Trigger,
        callback: impl FnMut(&mut Self, Ready) + 'static,
    ) -> io::Result<Token> {
        let index = self.free.last().copied().unwrap_or(self.slots.len());
        if index == self.slots.len() {
            self.slots.push(Slot::default());
            self.free.push(index);
        }
        // ANCHOR: token
        let slot = &mut self.slots[index];
        let token = Token(u64::from(slot.generation) << 32 | index as u64);
        // ANCHOR_END: token
        self.poller.add(token, source, interest, trigger)?;
        self.free.pop();
        slot.taken = true;
        slot.callback = Some(Box::new(callback));
        Ok(token)
    }

    /// Replaces the interest in this source.
    ///
    /// # Errors
    /// Returns `NotFound` if it is no longer watched, and the errors of
    /// [`Poller::change`].
    pub fn change(&mut self, token: Token, interest: Interest) -> io::Result<()> {
        self.poller.change(token, interest)
    }

    // ANCHOR: deregister
    /// Stops watching this source. Its callback is not called again, even if the wait
    /// that has just ended found the source ready.
    ///
    /// # Errors
    /// Returns `NotFound` if it is no longer watched, and the errors of
    /// [`Poller::remove`].
    pub fn deregister(&mut self, token: Token) -> io::Result<()> {
        let slot = self.slot(token).ok_or(ErrorKind::NotFound)?;
        slot.generation = slot.generation.wrapping_add(1);
        slot.taken = false;
        let callback = slot.callback.take();
        self.free.push(index(token));
        let removed = self.poller.remove(token);
        // Last, because a value that the callback owns might use the loop in its `drop`.
        drop(callback);
        removed
    }

    fn slot(&mut self, token: Token) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(index(token))?;
        (slot.taken && u64::from(slot.generation) == token.0 >> 32).then_some(slot)
    }
    // ANCHOR_END: deregister

    /// Calls `callback` once, after `delay`.
    pub fn after(
        &mut self,
        delay: Duration,
        callback: impl FnOnce(&mut Self) + 'static,
    ) -> TimerId {
        let now = self.now();
        // A delay beyond the clock's range is a bug or a joke. Either way it is not soon:
        // 34 years.
        let deadline = now
            .checked_add(delay)
            .unwrap_or(now + Duration::from_secs(1 << 30));
        self.timers.set(deadline, Box::new(callback))
    }

    /// Cancels a timer. Returns whether it was still waiting.
    pub fn cancel(&mut self, timer: TimerId) -> bool {
        self.timers.take(timer).is_some()
    }

    /// Makes [`run`](Self::run) return after this turn.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    // ANCHOR: turn
    /// Makes one turn: sleeps until a source is ready, a timer is due, another thread
    /// wakes it or `limit` expires, then runs the callbacks. Returns how many ran.
    ///
    /// # Errors
    /// Returns the errors of [`Poller::wait`].
    pub fn turn(&mut self, limit: Option<Duration>) -> io::Result<usize> {
        let now = self.now();
        let first = self
            .timers
            .next_deadline()
            .map(|deadline| deadline.saturating_duration_since(now));
        let mut timeout = [limit, first].into_iter().flatten().min();
        if self.remote.prepare_sleep() {
            timeout = Some(Duration::ZERO);
        }
        let mut found = std::mem::take(&mut self.found);
        let waited = self.poller.wait(&mut found, timeout);
        let jobs = self.remote.take_jobs();

        let mut called = jobs.len();
        for ready in found.drain(..) {
            called += usize::from(self.call(ready));
        }
        for job in jobs {
            job(self);
        }
        for timer in self.timers.due(self.now()) {
            // An earlier callback might have cancelled it.
            if let Some(callback) = self.timers.take(timer) {
                callback(self);
                called += 1;
            }
        }
        self.found = found;
        waited.map(|()| called)
    }
    // ANCHOR_END: turn

    // ANCHOR: call
    /// Runs the callback of a source that is still watched, and returns whether there was
    /// one. The callback is taken out of its slot while it runs, because it receives the
    /// whole loop, and with it its own slot.
    fn call(&mut self, ready: Ready) -> bool {
        let Some(mut callback) =
            self.slot(ready.token).and_then(|slot| slot.callback.take())
        else {
            return false;
        };
        callback(self, ready);
        if let Some(slot) = self.slot(ready.token) {
            slot.callback = Some(callback);
        }
        index(ready.token) != 0
    }
    // ANCHOR_END: call

    /// Turns until a callback calls [`stop`](Self::stop).
    ///
    /// # Errors
    /// Returns the errors of [`Poller::wait`].
    pub fn run(&mut self) -> io::Result<()> {
        self.stopped = false;
        while !self.stopped {
            self.turn(None)?;
        }
        Ok(())
    }
}

fn index(token: Token) -> usize {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the lower half is the index"
    )]
    let index = token.0 as u32;
    index as usize
}
