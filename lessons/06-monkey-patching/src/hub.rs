//! The table of parked coroutines, and the coroutine that waits for the kernel on behalf
//! of all of them.
//!
//! The name is gevent's, which has one hub per thread. Ours is a coroutine that owns an
//! epoll instance. An epoll instance is itself a descriptor, so `may` can wait for it as
//! it waits for a socket. The hub therefore runs on the same worker as everything else,
//! and waking a coroutine never crosses threads.
//!
//! The hub also has timers, all of them behind one more descriptor (`timerfd`). `may` can
//! park with a timeout, but it arms its timer before it has stored the coroutine where
//! the timer looks for it. On a busy machine a timer of one millisecond can therefore
//! fire too early and find nothing to wake, and the coroutine sleeps forever. `may` also
//! rounds down to whole milliseconds, takes 0 to mean "forever", and resumes the
//! coroutine on a separate thread. We have seen all of these.

use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use std::{io, ptr};

use may::coroutine::ParkError;
use may::go;
use may::io::{CoIo, WaitIo};
use may::sync::Blocker;

use crate::{errno, next, threads};

/// The readiness to wait for: `POLLIN`, `POLLOUT`, or both, as for `poll`. (`epoll` uses
/// the same bits.)
pub type Interest = i16;

/// Why a wait ended without readiness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotReady {
    /// The timeout expired.
    TimedOut,
    /// The coroutine was cancelled.
    Cancelled,
    /// The kernel refused to watch the descriptor, with this error number (`EPERM` for a
    /// file).
    Refused(i32),
}

/// A coroutine that is parked, or is about to be.
type Parked = Arc<Blocker>;

/// A coroutine that waits for a descriptor.
struct Waiter {
    interest: Interest,
    parked: Parked,
}

/// The coroutines to wake at a certain time, earliest first. The number distinguishes
/// timers with the same time.
type Timers = BTreeMap<(Instant, u64), Parked>;

struct Hub {
    epoll: OwnedFd,
    /// A descriptor that becomes ready when the next timer is due.
    timerfd: OwnedFd,
    /// The waiting coroutines; the index is the descriptor.
    waiting: Mutex<Vec<Vec<Waiter>>>,
    timers: Mutex<Timers>,
}

/// The token of the timer's events. No descriptor has this number.
const TIMER: u64 = u64::MAX;

/// Parks the calling coroutine until one of the descriptors is ready or the timeout
/// expires (`None`: never).
///
/// It can return although nothing is ready: try the call again, and wait again.
///
/// # Errors
/// Returns an error if the wait ended for any other reason than an event.
pub fn wait(
    fds: &[(RawFd, Interest)],
    timeout: Option<Duration>,
) -> Result<(), NotReady> {
    let hub = match hub() {
        Ok(hub) => hub,
        Err(error) => return Err(NotReady::Refused(error)),
    };
    // `may` cancels a coroutine by a panic at the place where it is parked. That panic
    // would reach the boundary of our `extern "C"` function, and there Rust aborts the
    // process. So this wait ignores the panic (`true`) and reports an error instead.
    let parked = Arc::new(Blocker::new(true));
    let mut joined = Ok(());
    for &(fd, interest) in fds {
        joined = joined.and_then(|()| hub.join(fd, interest, &parked));
    }
    let timer = match timeout.and_then(|timeout| Instant::now().checked_add(timeout)) {
        Some(when) if joined.is_ok() => Some(hub.add_timer(when, &parked)),
        _ => None,
    };
    let ended = joined.and_then(|()| {
        let woken = threads::parked(|| parked.park(None));
        woken.map_err(|why| match why {
            ParkError::Timeout => NotReady::TimedOut,
            ParkError::Canceled => NotReady::Cancelled,
        })
    });
    let fired = timer.is_some_and(|timer| hub.timers().remove(&timer).is_none());
    // An event removes the coroutine from the table, so the entries that we still find
    // there are those of descriptors that were not ready.
    let not_ready = fds.iter().filter(|(fd, _)| hub.leave(*fd, &parked)).count();
    if ended.is_ok() && fired && not_ready == fds.len() {
        Err(NotReady::TimedOut)
    } else {
        ended
    }
}

/// Returns the number of entries in the table.
pub fn waiting() -> usize {
    hub().map_or(0, |hub| hub.table().iter().map(Vec::len).sum())
}

/// Returns the hub of this process. The first caller starts it.
fn hub() -> Result<&'static Hub, i32> {
    static HUB: OnceLock<Result<Hub, i32>> = OnceLock::new();
    let mut started = false;
    let hub = HUB.get_or_init(|| {
        started = true;
        Hub::open().map_err(|error| error.raw_os_error().unwrap_or(libc::EIO))
    });
    match hub {
        Ok(hub) => {
            if started {
                go!(move || hub.watch());
            }
            Ok(hub)
        }
        Err(number) => Err(*number),
    }
}

/// A borrowed descriptor for `may` to watch.
struct Watched(RawFd);

impl AsRawFd for Watched {
    fn as_raw_fd(&self) -> RawFd {
        self.0
    }
}

impl Hub {
    fn open() -> io::Result<Self> {
        // SAFETY: no pointer is passed.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if fd == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel has just returned this descriptor, and nothing else owns it.
        let epoll = unsafe { OwnedFd::from_raw_fd(fd) };
        // SAFETY: no pointer is passed.
        let fd = unsafe {
            libc::timerfd_create(
                libc::CLOCK_MONOTONIC,
                libc::TFD_CLOEXEC | libc::TFD_NONBLOCK,
            )
        };
        if fd == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: as above.
        let timerfd = unsafe { OwnedFd::from_raw_fd(fd) };
        let mut event = libc::epoll_event {
            events: libc::EPOLLIN.cast_unsigned() | libc::EPOLLET.cast_unsigned(),
            u64: TIMER,
        };
        // SAFETY: the kernel reads one `epoll_event`, which lives until the call returns.
        let added = unsafe {
            libc::epoll_ctl(
                epoll.as_raw_fd(),
                libc::EPOLL_CTL_ADD,
                timerfd.as_raw_fd(),
                &raw mut event,
            )
        };
        if added == -1 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self {
            epoll,
            timerfd,
            waiting: Mutex::default(),
            timers: Mutex::default(),
        })
    }

    fn timers(&self) -> MutexGuard<'_, Timers> {
        self.timers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a timer that wakes the coroutine at `when`, and returns its key.
    fn add_timer(&self, when: Instant, parked: &Parked) -> (Instant, u64) {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let timer = (when, NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut timers = self.timers();
        timers.insert(timer, Arc::clone(parked));
        if timers
            .first_key_value()
            .is_some_and(|(next, _)| *next == timer)
        {
            self.arm_timer(when);
        }
        timer
    }

    /// Sets the time at which the kernel makes `timerfd` ready.
    fn arm_timer(&self, when: Instant) {
        // Zero would disarm it, and a time in the past is due at once: hence a
        // nanosecond.
        let left = when
            .saturating_duration_since(Instant::now())
            .max(Duration::from_nanos(1));
        let once = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let value = libc::timespec {
            tv_sec: left.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        let setting = libc::itimerspec {
            it_interval: once,
            it_value: value,
        };
        // SAFETY: the kernel reads one `itimerspec`; the null pointer says that we do not
        // want the old one.
        unsafe {
            libc::timerfd_settime(
                self.timerfd.as_raw_fd(),
                0,
                &raw const setting,
                ptr::null_mut(),
            )
        };
    }

    /// Wakes every coroutine whose timer is due, and arms `timerfd` for the next one.
    fn fire_due(&self) {
        let mut timers = self.timers();
        let now = Instant::now();
        while let Some(first) = timers.first_entry() {
            let (when, _) = *first.key();
            if when > now {
                self.arm_timer(when);
                return;
            }
            first.remove().unpark();
        }
    }

    fn table(&self) -> MutexGuard<'_, Vec<Vec<Waiter>>> {
        // No coroutine parks while it holds this lock, so it is never held for long. And
        // no change can be half done: a panic leaves the table intact.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // ANCHOR: join
    fn join(
        &self,
        fd: RawFd,
        interest: Interest,
        parked: &Parked,
    ) -> Result<(), NotReady> {
        let index = usize::try_from(fd).map_err(|_| NotReady::Refused(libc::EBADF))?;
        let mut table = self.table();
        if table.len() <= index {
            table.resize_with(index + 1, Vec::new);
        }
        table[index].push(Waiter {
            interest,
            parked: Arc::clone(parked),
        });
        let all = table[index]
            .iter()
            .fold(0, |all, waiter| all | waiter.interest);
        self.arm(fd, all).inspect_err(|_| {
            table[index].pop();
        })
    }
    // ANCHOR_END: join

    /// Removes a coroutine's entry, and returns whether it was there.
    fn leave(&self, fd: RawFd, parked: &Parked) -> bool {
        let mut table = self.table();
        let waiters = usize::try_from(fd)
            .ok()
            .and_then(|index| table.get_mut(index));
        let Some(waiters) = waiters else { return false };
        let before = waiters.len();
        waiters.retain(|waiter| !Arc::ptr_eq(&waiter.parked, parked));
        waiters.len() != before
    }

    /// Asks the kernel for one event as soon as the descriptor is ready for any of
    /// `interest`. If it is ready already, the event comes at once.
    fn arm(&self, fd: RawFd, interest: Interest) -> Result<(), NotReady> {
        let mut event = libc::epoll_event {
            events: u32::from(interest.cast_unsigned())
                | libc::EPOLLONESHOT.cast_unsigned(),
            u64: u64::from(fd.cast_unsigned()),
        };
        // SAFETY: the kernel reads one `epoll_event`, which lives until the call returns.
        let mut ask = |what| unsafe {
            libc::epoll_ctl(self.epoll.as_raw_fd(), what, fd, &raw mut event)
        };
        // Closing a descriptor removes it from epoll, so the kernel may not know it: then
        // add it.
        if ask(libc::EPOLL_CTL_MOD) == 0
            || (errno::get() == libc::ENOENT && ask(libc::EPOLL_CTL_ADD) == 0)
            || (errno::get() == libc::EEXIST && ask(libc::EPOLL_CTL_MOD) == 0)
        {
            return Ok(());
        }
        Err(NotReady::Refused(errno::get()))
    }

    /// Wakes the coroutines that an event concerns.
    // ANCHOR: wake
    fn wake(&self, fd: u64, events: u32) {
        let error = libc::EPOLLERR.cast_unsigned() | libc::EPOLLHUP.cast_unsigned();
        let mut table = self.table();
        let waiters = usize::try_from(fd)
            .ok()
            .and_then(|index| table.get_mut(index));
        let (Some(waiters), Ok(fd)) = (waiters, RawFd::try_from(fd)) else {
            return;
        };
        let mut rest = 0;
        waiters.retain(|waiter| {
            let wanted = u32::from(waiter.interest.cast_unsigned()) | error;
            let ready = events & wanted != 0;
            if ready {
                waiter.parked.unpark();
            } else {
                rest |= waiter.interest;
            }
            !ready
        });
        if rest != 0 && self.arm(fd, rest).is_err() {
            // The kernel would send no more events: let them all try again.
            for waiter in waiters.drain(..) {
                waiter.parked.unpark();
            }
        }
    }
    // ANCHOR_END: wake

    /// Runs the hub: handles the kernel's events, and parks while there are none.
    fn watch(&self) {
        // If `may` cannot watch our epoll instance, there are no events and no timers,
        // and patched waits never end. That needs a process without a free descriptor.
        let Ok(readiness) = CoIo::new(Watched(self.epoll.as_raw_fd())) else {
            return;
        };
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 128];
        loop {
            // SAFETY: there is room for 128 events.
            let count = unsafe {
                libc::epoll_wait(self.epoll.as_raw_fd(), events.as_mut_ptr(), 128, 0)
            };
            let count = usize::try_from(count).unwrap_or(0);
            for event in &events[..count] {
                match event.u64 {
                    TIMER => self.fire_due(),
                    fd => self.wake(fd, event.events),
                }
            }
            if count == events.len() {
                // There may be more events; first let the coroutines run that were woken.
                may::coroutine::yield_now();
            } else {
                readiness.wait_io();
            }
        }
    }
}

/// Returns whether a descriptor is ready now, without waiting.
pub(crate) fn ready_now(fd: RawFd, interest: Interest) -> bool {
    let mut asked = libc::pollfd {
        fd,
        events: interest,
        revents: 0,
    };
    // SAFETY: one `pollfd`, which lives until the call returns.
    unsafe { next::poll(ptr::from_mut(&mut asked), 1, 0) != 0 }
}
