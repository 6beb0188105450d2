//! Who waits for what: a table of parked coroutines, and one coroutine that watches the
//! kernel for all of them.
//!
//! gevent calls its own the hub, and has one a thread. Ours is a coroutine with an epoll
//! instance of its own, and that instance is itself a descriptor that `may` waits for. So
//! the hub runs on the worker that runs everything else, and nobody is woken across
//! threads.
//!
//! It keeps the time too, with a timer that is a descriptor like the others (`timerfd`).
//! `may` can park with a timeout, but it sets the timer before it has put the coroutine
//! where the timer looks for it: on a busy machine a timer of a millisecond then finds
//! nobody, and the coroutine is never woken. It also counts whole milliseconds and takes
//! 0 for "for ever", and it runs what it wakes on a thread of its own. All of that we
//! have seen.

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

/// Readiness to wait for: `POLLIN`, `POLLOUT`, or both, as `poll` has them. (`epoll` has
/// the same bits.)
pub type Interest = i16;

/// Why a wait ended without readiness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotReady {
    /// The time is over.
    TimedOut,
    /// The coroutine was cancelled.
    Cancelled,
    /// The kernel cannot say when this descriptor is ready (`EPERM` for a file), or
    /// another number.
    Refused(i32),
}

/// A coroutine that is parked, or soon will be.
type Parked = Arc<Blocker>;

/// A coroutine that waits for a descriptor.
struct Waiter {
    interest: Interest,
    parked: Parked,
}

/// Who is to be woken when, the next first. The number tells apart those of one moment.
type Alarms = BTreeMap<(Instant, u64), Parked>;

struct Hub {
    epoll: OwnedFd,
    /// A descriptor that is ready when the next alarm is due.
    timer: OwnedFd,
    /// Who waits, by the number of the descriptor.
    waiting: Mutex<Vec<Vec<Waiter>>>,
    alarms: Mutex<Alarms>,
}

/// What the kernel gives back with an event of the timer: no descriptor has this number.
const TIMER: u64 = u64::MAX;

/// Parks the calling coroutine until one of the descriptors is ready, or the time is over
/// (`None`: never).
///
/// It may come back though nothing is ready: try the call again, and wait again.
///
/// # Errors
/// Why it came back without anything being ready.
pub fn wait(
    fds: &[(RawFd, Interest)],
    timeout: Option<Duration>,
) -> Result<(), NotReady> {
    let hub = match hub() {
        Ok(hub) => hub,
        Err(error) => return Err(NotReady::Refused(error)),
    };
    // A cancelled coroutine of `may` unwinds out of its wait, and unwinding through a C
    // function is undefined behaviour. So this wait ignores that, and gives an error
    // number in its place.
    let parked = Arc::new(Blocker::new(true));
    let mut joined = Ok(());
    for &(fd, interest) in fds {
        joined = joined.and_then(|()| hub.join(fd, interest, &parked));
    }
    let alarm = match timeout.and_then(|timeout| Instant::now().checked_add(timeout)) {
        Some(when) if joined.is_ok() => Some(hub.set_alarm(when, &parked)),
        _ => None,
    };
    let ended = joined.and_then(|()| {
        let woken = threads::parked(|| parked.park(None));
        woken.map_err(|why| match why {
            ParkError::Timeout => NotReady::TimedOut,
            ParkError::Canceled => NotReady::Cancelled,
        })
    });
    let rang = alarm.is_some_and(|alarm| hub.alarms().remove(&alarm).is_none());
    // Whoever an event has woken is in the table no more; so this counts the descriptors
    // that were not ready.
    let asleep = fds.iter().filter(|(fd, _)| hub.leave(*fd, &parked)).count();
    if ended.is_ok() && rang && asleep == fds.len() {
        Err(NotReady::TimedOut)
    } else {
        ended
    }
}

/// How many coroutines are parked in the table now.
pub fn waiting() -> usize {
    hub().map_or(0, |hub| hub.table().iter().map(Vec::len).sum())
}

/// The one hub, begun by whoever waits first.
fn hub() -> Result<&'static Hub, i32> {
    static HUB: OnceLock<Result<Hub, i32>> = OnceLock::new();
    let mut begun = false;
    let hub = HUB.get_or_init(|| {
        begun = true;
        Hub::open().map_err(|error| error.raw_os_error().unwrap_or(libc::EIO))
    });
    match hub {
        Ok(hub) => {
            if begun {
                go!(move || hub.watch());
            }
            Ok(hub)
        }
        Err(number) => Err(*number),
    }
}

/// A borrowed descriptor that `may` watches.
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
        // SAFETY: the kernel has just given us this descriptor, and nobody else knows it.
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
        let timer = unsafe { OwnedFd::from_raw_fd(fd) };
        let mut event = libc::epoll_event {
            events: libc::EPOLLIN.cast_unsigned() | libc::EPOLLET.cast_unsigned(),
            u64: TIMER,
        };
        // SAFETY: the kernel reads one `epoll_event`, which lives until the call returns.
        let added = unsafe {
            libc::epoll_ctl(
                epoll.as_raw_fd(),
                libc::EPOLL_CTL_ADD,
                timer.as_raw_fd(),
                &raw mut event,
            )
        };
        if added == -1 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self {
            epoll,
            timer,
            waiting: Mutex::default(),
            alarms: Mutex::default(),
        })
    }

    fn alarms(&self) -> MutexGuard<'_, Alarms> {
        self.alarms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has someone woken at `when`; what the alarm is known by.
    fn set_alarm(&self, when: Instant, parked: &Parked) -> (Instant, u64) {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let alarm = (when, NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut alarms = self.alarms();
        alarms.insert(alarm, Arc::clone(parked));
        if alarms
            .first_key_value()
            .is_some_and(|(next, _)| *next == alarm)
        {
            self.wind(when);
        }
        alarm
    }

    /// Sets the timer.
    fn wind(&self, when: Instant) {
        // All zeros would switch it off, and what is over is due at once.
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
        // SAFETY: the kernel reads one `itimerspec`, and is told that the old one is of
        // no interest.
        unsafe {
            libc::timerfd_settime(
                self.timer.as_raw_fd(),
                0,
                &raw const setting,
                ptr::null_mut(),
            )
        };
    }

    /// Wakes all whose time has come, and winds the timer for the next.
    fn ring(&self) {
        let mut alarms = self.alarms();
        let now = Instant::now();
        while let Some(first) = alarms.first_entry() {
            let (when, _) = *first.key();
            if when > now {
                self.wind(when);
                return;
            }
            first.remove().unpark();
        }
    }

    fn table(&self) -> MutexGuard<'_, Vec<Vec<Waiter>>> {
        // Nobody parks with the table in hand, so it is never held for long; and every
        // change to it is whole.
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

    /// Takes one off the table; whether he was there.
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

    /// Asks the kernel to say once when any of `interest` is there. What is there already
    /// is said at once.
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
        // The kernel forgets a descriptor when it is closed, so the number may be new to
        // it.
        if ask(libc::EPOLL_CTL_MOD) == 0
            || (errno::get() == libc::ENOENT && ask(libc::EPOLL_CTL_ADD) == 0)
            || (errno::get() == libc::EEXIST && ask(libc::EPOLL_CTL_MOD) == 0)
        {
            return Ok(());
        }
        Err(NotReady::Refused(errno::get()))
    }

    /// Wakes whoever waited for what has come.
    // ANCHOR: wake
    fn wake(&self, fd: u64, events: u32) {
        let trouble = libc::EPOLLERR.cast_unsigned() | libc::EPOLLHUP.cast_unsigned();
        let mut table = self.table();
        let waiters = usize::try_from(fd)
            .ok()
            .and_then(|index| table.get_mut(index));
        let (Some(waiters), Ok(fd)) = (waiters, RawFd::try_from(fd)) else {
            return;
        };
        let mut rest = 0;
        waiters.retain(|waiter| {
            let wanted = u32::from(waiter.interest.cast_unsigned()) | trouble;
            let ready = events & wanted != 0;
            if ready {
                waiter.parked.unpark();
            } else {
                rest |= waiter.interest;
            }
            !ready
        });
        if rest != 0 && self.arm(fd, rest).is_err() {
            // Nobody would wake them any more: let them try, and see.
            for waiter in waiters.drain(..) {
                waiter.parked.unpark();
            }
        }
    }
    // ANCHOR_END: wake

    /// The hub itself: takes events from the kernel, and parks when there are none.
    fn watch(&self) {
        // Without `may` there is nobody to wait with. The program still runs: its waits
        // end by their timeouts.
        let Ok(readiness) = CoIo::new(Watched(self.epoll.as_raw_fd())) else {
            return;
        };
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 128];
        loop {
            // SAFETY: there is room for as many events as we say.
            let count = unsafe {
                libc::epoll_wait(self.epoll.as_raw_fd(), events.as_mut_ptr(), 128, 0)
            };
            let count = usize::try_from(count).unwrap_or(0);
            for event in &events[..count] {
                match event.u64 {
                    TIMER => self.ring(),
                    fd => self.wake(fd, event.events),
                }
            }
            if count == events.len() {
                // There may be more; those that were woken go first.
                may::coroutine::yield_now();
            } else {
                readiness.wait_io();
            }
        }
    }
}

/// Whether a descriptor is ready now, without waiting.
pub(crate) fn ready_now(fd: RawFd, interest: Interest) -> bool {
    let mut asked = libc::pollfd {
        fd,
        events: interest,
        revents: 0,
    };
    // SAFETY: one `pollfd`, which lives until the call returns.
    unsafe { next::poll(ptr::from_mut(&mut asked), 1, 0) != 0 }
}
