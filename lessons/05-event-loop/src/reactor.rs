//! The loop itself: sleep until something is ready or due, then call those who wait for
//! it, one after the other.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{
    Interest, Poller, Ready, Remote, Source, TimerId, Timers, Token, Trigger, best_poller,
};

type OnReady = Box<dyn FnMut(&mut Reactor, Ready)>;
type OnTime = Box<dyn FnOnce(&mut Reactor)>;

/// Where a source's callback is kept.
#[derive(Default)]
struct Slot {
    /// How many sources this slot has had. Part of the token, so that the token of a
    /// source that has gone is nobody's.
    generation: u32,
    taken: bool,
    /// Away while it runs.
    callback: Option<OnReady>,
}

// ANCHOR: reactor
/// An event loop as a value.
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
    /// A loop on the best that this system has.
    ///
    /// # Errors
    /// When the kernel has no descriptor left.
    pub fn new() -> io::Result<Self> {
        Self::with(best_poller()?, Instant::now)
    }

    /// A loop on this poller, which asks this clock. A test gives a clock that it turns
    /// by hand.
    ///
    /// # Errors
    /// When the kernel has no descriptor left.
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
        // The pipe that wakes us is a source like any other, in the first slot. Its
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

    /// The call behind it, by name.
    pub fn poller_name(&self) -> &'static str {
        self.poller.name()
    }

    /// The time by the loop's clock.
    pub fn now(&self) -> Instant {
        (self.clock)()
    }

    /// A way into this loop for other threads.
    pub fn remote(&self) -> Remote {
        self.remote.clone()
    }

    /// How many sources are watched, the loop's own pipe not counted.
    pub fn sources(&self) -> usize {
        self.slots.len() - self.free.len() - 1
    }

    /// How many timers wait.
    pub fn timers(&self) -> usize {
        self.timers.len()
    }

    /// Calls `callback` whenever `source` is ready.
    ///
    /// # Errors
    /// Those of [`Poller::add`].
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
        let slot = &mut self.slots[index];
        let token = Token(u64::from(slot.generation) << 32 | index as u64);
        self.poller.add(token, source, interest, trigger)?;
        self.free.pop();
        slot.taken = true;
        slot.callback = Some(Box::new(callback));
        Ok(token)
    }

    /// Wants to hear something else about this source from now on.
    ///
    /// # Errors
    /// `NotFound` when it is watched no more, and those of [`Poller::change`].
    pub fn change(&mut self, token: Token, interest: Interest) -> io::Result<()> {
        self.poller.change(token, interest)
    }

    // ANCHOR: deregister
    /// Watches this source no more. Its callback is not called again, even if the wait
    /// that has just ended found the source ready.
    ///
    /// # Errors
    /// `NotFound` when it is watched no more, and those of [`Poller::remove`].
    pub fn deregister(&mut self, token: Token) -> io::Result<()> {
        let slot = self.slot(token).ok_or(ErrorKind::NotFound)?;
        slot.generation = slot.generation.wrapping_add(1);
        slot.taken = false;
        let callback = slot.callback.take();
        self.free.push(index(token));
        let removed = self.poller.remove(token);
        // Last, for what a callback owns may use the loop when it is dropped.
        drop(callback);
        removed
    }

    fn slot(&mut self, token: Token) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(index(token))?;
        (slot.taken && u64::from(slot.generation) == token.0 >> 32).then_some(slot)
    }
    // ANCHOR_END: deregister

    /// Calls `callback` once, `delay` from now.
    pub fn after(
        &mut self,
        delay: Duration,
        callback: impl FnOnce(&mut Self) + 'static,
    ) -> TimerId {
        let now = self.now();
        // A delay that no clock can show is a year a million times over, or a bug; either
        // way not soon.
        let deadline = now
            .checked_add(delay)
            .unwrap_or(now + Duration::from_secs(1 << 30));
        self.timers.set(deadline, Box::new(callback))
    }

    /// Calls that timer off; whether there was anything to call off.
    pub fn cancel(&mut self, timer: TimerId) -> bool {
        self.timers.take(timer).is_some()
    }

    /// Ends [`run`](Self::run) after this turn.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    // ANCHOR: turn
    /// Goes round once: sleeps until a source is ready, a timer is due, somebody wakes it
    /// or `limit` is over, and calls those who wait. Gives how many were called.
    ///
    /// # Errors
    /// Those of [`Poller::wait`].
    pub fn turn(&mut self, limit: Option<Duration>) -> io::Result<usize> {
        let now = self.now();
        let first = self
            .timers
            .next_deadline()
            .map(|deadline| deadline.saturating_duration_since(now));
        let mut timeout = [limit, first].into_iter().flatten().min();
        if self.remote.sleeps() {
            timeout = Some(Duration::ZERO);
        }
        let mut found = std::mem::take(&mut self.found);
        let waited = self.poller.wait(&mut found, timeout);
        let jobs = self.remote.is_up();
        waited?;

        let mut called = jobs.len();
        for ready in found.drain(..) {
            called += usize::from(self.call(ready));
        }
        for job in jobs {
            job(self);
        }
        for timer in self.timers.due(self.now()) {
            // An earlier one may have called it off.
            if let Some(callback) = self.timers.take(timer) {
                callback(self);
                called += 1;
            }
        }
        self.found = found;
        Ok(called)
    }

    /// Calls who waits for this source, if it is still watched. The callback is taken out
    /// while it runs, for it gets the whole loop, itself included.
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
    // ANCHOR_END: turn

    /// Goes round until somebody calls [`stop`](Self::stop).
    ///
    /// # Errors
    /// Those of [`Poller::wait`].
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
