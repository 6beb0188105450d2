//! What stands in the place of the C library's calls.
//!
//! Each has the same shape. Outside a coroutine, or when the caller asked not to wait,
//! the next definition is called with the same arguments. Else the call is tried without
//! waiting, and when there is nothing, the coroutine is parked and the call is tried
//! again.
//!
//! All keep the contract of the call that they replace: the same results, the same error
//! numbers in `errno`, the timeouts of the socket (`SO_RCVTIMEO`, `SO_SNDTIMEO`). After a
//! success `errno` is what it was.

use std::ffi::c_void;
use std::mem::size_of;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::hub::{self, Interest, NotReady, ready_now};
use crate::{Decision, Moment, decide, errno, next};

/// How often `poll` was asked about nothing: see [`crate::is_patched`].
pub(crate) static PROBES: AtomicUsize = AtomicUsize::new(0);

fn in_coroutine() -> bool {
    may::coroutine::is_coroutine()
}

/// The flags of a descriptor; 0 when it has none, for then the call itself will say what
/// is wrong.
fn flags_of(fd: i32) -> i32 {
    // SAFETY: F_GETFL takes and gives plain numbers.
    unsafe { libc::fcntl(fd, libc::F_GETFL) }.max(0)
}

/// How long a socket's calls may wait by its option; `None` is for ever.
fn time_limit(fd: i32, option: i32) -> Option<Duration> {
    let mut time = libc::timeval {
        tv_sec: 0,
        tv_usec: 0,
    };
    let mut size = libc::socklen_t::try_from(size_of::<libc::timeval>()).unwrap_or(0);
    // SAFETY: the kernel writes one `timeval`, whose size we say.
    let done = unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            option,
            ptr::from_mut(&mut time).cast(),
            &raw mut size,
        )
    };
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let micros = u64::try_from(time.tv_usec).ok()?;
    let limit = Duration::from_secs(seconds) + Duration::from_micros(micros);
    (done == 0 && !limit.is_zero()).then_some(limit)
}

/// Until when a socket's calls may wait, by its option for this direction.
fn deadline(fd: i32, interest: Interest) -> Option<Instant> {
    let option = if interest == libc::POLLIN {
        libc::SO_RCVTIMEO
    } else {
        libc::SO_SNDTIMEO
    };
    time_limit(fd, option).and_then(|time| Instant::now().checked_add(time))
}

/// Waits for a socket until the deadline; the number of the error when that came first.
fn wait(fd: i32, interest: Interest, deadline: Option<Instant>) -> Result<(), i32> {
    let left =
        deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    hub::wait(&[(fd, interest)], left).map_err(|why| match why {
        NotReady::TimedOut => libc::EAGAIN,
        NotReady::Cancelled => libc::ECANCELED,
        NotReady::Refused(number) => number,
    })
}

/// Tries a call that does not wait, and waits between two tries. The heart of the patch.
// ANCHOR: cooperate
fn cooperate(fd: i32, interest: Interest, mut attempt: impl FnMut() -> isize) -> isize {
    let before = errno::get();
    let mut limit = None;
    loop {
        let result = attempt();
        if result != -1 {
            errno::set(before);
            return result;
        }
        if errno::get() != libc::EAGAIN {
            return -1;
        }
        if limit.is_none() {
            let nonblocking = flags_of(fd) & libc::O_NONBLOCK != 0;
            let moment = Moment {
                in_coroutine: true,
                nonblocking,
                dont_wait: false,
            };
            if decide(moment) == Decision::Pass {
                errno::set(libc::EAGAIN);
                return -1;
            }
            limit = Some(deadline(fd, interest));
        }
        if let Err(number) = wait(fd, interest, limit.flatten()) {
            errno::set(number);
            return -1;
        }
    }
}
// ANCHOR_END: cooperate

/// Calls until all bytes went, as a blocking call does; what went before an error counts.
fn all(length: usize, mut part: impl FnMut(usize) -> isize) -> isize {
    let mut done = 0;
    loop {
        match usize::try_from(part(done)) {
            Ok(count) if count > 0 && done + count < length => done += count,
            Ok(count) => return (done + count).cast_signed(),
            Err(_) if done > 0 => return done.cast_signed(),
            Err(_) => return -1,
        }
    }
}

/// As recv(2).
///
/// # Safety
/// `buffer` has room for `length` bytes, and stays where it is until the call returns.
// ANCHOR: recv
pub unsafe fn recv(fd: i32, buffer: *mut c_void, length: usize, flags: i32) -> isize {
    if !in_coroutine() || flags & libc::MSG_DONTWAIT != 0 {
        // SAFETY: as the caller promises.
        return unsafe { next::recv(fd, buffer, length, flags) };
    }
    let now = flags | libc::MSG_DONTWAIT;
    // SAFETY: the caller promises room for `length` bytes, and `at` is not above it.
    // The buffer may be on the stack of this coroutine: that is kept while it is parked.
    let part =
        |at: usize| unsafe { next::recv(fd, buffer.byte_add(at), length - at, now) };
    if flags & libc::MSG_WAITALL != 0 && flags & libc::MSG_PEEK == 0 {
        return all(length, |at| cooperate(fd, libc::POLLIN, || part(at)));
    }
    cooperate(fd, libc::POLLIN, || part(0))
}
// ANCHOR_END: recv

/// As recvfrom(2).
///
/// # Safety
/// As the manual page says.
pub unsafe fn recvfrom(
    fd: i32,
    buffer: *mut c_void,
    length: usize,
    flags: i32,
    address: *mut libc::sockaddr,
    room: *mut libc::socklen_t,
) -> isize {
    // SAFETY: as the caller promises.
    let call =
        |flags| unsafe { next::recvfrom(fd, buffer, length, flags, address, room) };
    if !in_coroutine() || flags & libc::MSG_DONTWAIT != 0 {
        return call(flags);
    }
    cooperate(fd, libc::POLLIN, || call(flags | libc::MSG_DONTWAIT))
}

/// As recvmsg(2).
///
/// # Safety
/// As the manual page says.
pub unsafe fn recvmsg(fd: i32, message: *mut libc::msghdr, flags: i32) -> isize {
    // SAFETY: as the caller promises.
    let call = |flags| unsafe { next::recvmsg(fd, message, flags) };
    if !in_coroutine() || flags & libc::MSG_DONTWAIT != 0 {
        return call(flags);
    }
    cooperate(fd, libc::POLLIN, || call(flags | libc::MSG_DONTWAIT))
}

/// As send(2).
///
/// # Safety
/// `buffer` has `length` bytes, and stays as it is until the call returns.
pub unsafe fn send(fd: i32, buffer: *const c_void, length: usize, flags: i32) -> isize {
    if !in_coroutine() || flags & libc::MSG_DONTWAIT != 0 {
        // SAFETY: as the caller promises.
        return unsafe { next::send(fd, buffer, length, flags) };
    }
    all(length, |at| {
        // SAFETY: the caller promises `length` bytes, and `at` is not above it.
        cooperate(fd, libc::POLLOUT, || unsafe {
            next::send(
                fd,
                buffer.byte_add(at),
                length - at,
                flags | libc::MSG_DONTWAIT,
            )
        })
    })
}

/// As sendto(2).
///
/// # Safety
/// As the manual page says.
pub unsafe fn sendto(
    fd: i32,
    buffer: *const c_void,
    length: usize,
    flags: i32,
    address: *const libc::sockaddr,
    size: libc::socklen_t,
) -> isize {
    // SAFETY: as the caller promises.
    let call = |flags| unsafe { next::sendto(fd, buffer, length, flags, address, size) };
    if !in_coroutine() || flags & libc::MSG_DONTWAIT != 0 {
        return call(flags);
    }
    cooperate(fd, libc::POLLOUT, || call(flags | libc::MSG_DONTWAIT))
}

/// As sendmsg(2), except that it may be short where a blocking one would not be.
///
/// # Safety
/// As the manual page says.
pub unsafe fn sendmsg(fd: i32, message: *const libc::msghdr, flags: i32) -> isize {
    // SAFETY: as the caller promises.
    let call = |flags| unsafe { next::sendmsg(fd, message, flags) };
    if !in_coroutine() || flags & libc::MSG_DONTWAIT != 0 {
        return call(flags);
    }
    cooperate(fd, libc::POLLOUT, || call(flags | libc::MSG_DONTWAIT))
}

/// Whether the last call failed because its descriptor is not a socket.
fn not_a_socket(result: isize) -> bool {
    result == -1 && errno::get() == libc::ENOTSOCK
}

/// As read(2). Cooperative for sockets; files and pipes are passed on.
///
/// # Safety
/// As [`recv`].
pub unsafe fn read(fd: i32, buffer: *mut c_void, length: usize) -> isize {
    if in_coroutine() && length > 0 {
        let before = errno::get();
        // SAFETY: as the caller promises.
        let result = unsafe { recv(fd, buffer, length, 0) };
        if !not_a_socket(result) {
            return result;
        }
        errno::set(before);
    }
    // SAFETY: as the caller promises.
    unsafe { next::read(fd, buffer, length) }
}

/// As write(2). Cooperative for sockets; files and pipes are passed on.
///
/// # Safety
/// As [`send`].
pub unsafe fn write(fd: i32, buffer: *const c_void, length: usize) -> isize {
    if in_coroutine() && length > 0 {
        let before = errno::get();
        // SAFETY: as the caller promises.
        let result = unsafe { send(fd, buffer, length, 0) };
        if !not_a_socket(result) {
            return result;
        }
        errno::set(before);
    }
    // SAFETY: as the caller promises.
    unsafe { next::write(fd, buffer, length) }
}

/// A message of nothing but buffers.
fn message(buffers: *const libc::iovec, count: i32) -> Option<libc::msghdr> {
    let count = usize::try_from(count).ok().filter(|count| *count > 0)?;
    // SAFETY: all zeros is a valid `msghdr`: no address, no buffers, no control data.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = buffers.cast_mut();
    #[allow(clippy::unnecessary_fallible_conversions, clippy::useless_conversion)]
    {
        // The field's type differs between C libraries.
        message.msg_iovlen = count.try_into().ok()?;
    }
    Some(message)
}

/// As readv(2). Cooperative for sockets; files and pipes are passed on.
///
/// # Safety
/// As the manual page says.
pub unsafe fn readv(fd: i32, buffers: *const libc::iovec, count: i32) -> isize {
    if in_coroutine()
        && let Some(mut message) = message(buffers, count)
    {
        let before = errno::get();
        // SAFETY: the message has the caller's buffers, and lives until the call returns.
        let result = unsafe { recvmsg(fd, &raw mut message, 0) };
        if !not_a_socket(result) {
            return result;
        }
        errno::set(before);
    }
    // SAFETY: as the caller promises.
    unsafe { next::readv(fd, buffers, count) }
}

/// As writev(2), except that it may be short where a blocking one would not be.
/// Cooperative for sockets.
///
/// # Safety
/// As the manual page says.
pub unsafe fn writev(fd: i32, buffers: *const libc::iovec, count: i32) -> isize {
    if in_coroutine()
        && let Some(message) = message(buffers, count)
    {
        let before = errno::get();
        // SAFETY: the message has the caller's buffers, and lives until the call returns.
        let result = unsafe { sendmsg(fd, &raw const message, 0) };
        if !not_a_socket(result) {
            return result;
        }
        errno::set(before);
    }
    // SAFETY: as the caller promises.
    unsafe { next::writev(fd, buffers, count) }
}

/// As accept4(2).
///
/// There is no flag for "do not wait", so it looks first. Should another process take the
/// connection between the look and the call, the call waits, and the worker with it.
///
/// # Safety
/// As the manual page says.
pub unsafe fn accept4(
    fd: i32,
    address: *mut libc::sockaddr,
    length: *mut libc::socklen_t,
    flags: i32,
) -> i32 {
    let patient = in_coroutine() && flags_of(fd) & libc::O_NONBLOCK == 0;
    if !patient {
        // SAFETY: as the caller promises.
        return unsafe { next::accept4(fd, address, length, flags) };
    }
    let result = cooperate(fd, libc::POLLIN, || {
        if !ready_now(fd, libc::POLLIN) {
            errno::set(libc::EAGAIN);
            return -1;
        }
        // SAFETY: as the caller promises.
        unsafe { next::accept4(fd, address, length, flags) as isize }
    });
    i32::try_from(result).unwrap_or(-1)
}

/// As connect(2).
///
/// # Safety
/// `address` points to `length` bytes of an address.
pub unsafe fn connect(
    fd: i32,
    address: *const libc::sockaddr,
    length: libc::socklen_t,
) -> i32 {
    // SAFETY: as the caller promises.
    let call = || unsafe { next::connect(fd, address, length) };
    if !in_coroutine() {
        return call();
    }
    let flags = flags_of(fd);
    if flags & libc::O_NONBLOCK != 0 {
        return call();
    }
    let before = errno::get();
    // Nobody else knows a socket that is not connected yet, so for this moment it may be
    // non-blocking. SAFETY: F_SETFL takes plain numbers.
    let set_flags = |flags: i32| unsafe { libc::fcntl(fd, libc::F_SETFL, flags) };
    set_flags(flags | libc::O_NONBLOCK);
    let (result, number) = (call(), errno::get());
    set_flags(flags);
    let number = match number {
        _ if result == 0 => 0,
        libc::EINPROGRESS => connected(fd),
        number => number,
    };
    errno::set(if number == 0 { before } else { number });
    if number == 0 { 0 } else { -1 }
}

/// Waits for a connection that has been begun; 0, or the number of its error.
fn connected(fd: i32) -> i32 {
    let limit = deadline(fd, libc::POLLOUT);
    while !ready_now(fd, libc::POLLOUT) {
        match wait(fd, libc::POLLOUT, limit) {
            Ok(()) => {}
            // connect(2) has its own number for this.
            Err(libc::EAGAIN) => return libc::EINPROGRESS,
            Err(number) => return number,
        }
    }
    let mut number = 0;
    let mut size = libc::socklen_t::try_from(size_of::<i32>()).unwrap_or(0);
    // SAFETY: the kernel writes one number, whose size we say.
    let asked = unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_ERROR,
            ptr::from_mut(&mut number).cast(),
            &raw mut size,
        )
    };
    if asked == 0 { number } else { errno::get() }
}

/// As poll(2).
///
/// # Safety
/// `fds` points to `count` entries.
pub unsafe fn poll(fds: *mut libc::pollfd, count: libc::nfds_t, timeout: i32) -> i32 {
    if fds.is_null() && count == 0 && timeout == 0 {
        PROBES.fetch_add(1, Ordering::Relaxed);
    }
    if !in_coroutine() || timeout == 0 {
        // SAFETY: as the caller promises.
        return unsafe { next::poll(fds, count, timeout) };
    }
    let limit = u64::try_from(timeout).ok().map(Duration::from_millis);
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    let mut asked = Vec::new();
    for index in 0..usize::try_from(count).unwrap_or(0) {
        // SAFETY: `index` is below `count`.
        let one = unsafe { *fds.add(index) };
        if one.fd >= 0 {
            asked.push((one.fd, one.events));
        }
    }
    loop {
        // SAFETY: as the caller promises.
        let ready = unsafe { next::poll(fds, count, 0) };
        let left =
            deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if ready != 0 || left == Some(Duration::ZERO) {
            return ready;
        }
        match hub::wait(&asked, left) {
            Ok(()) | Err(NotReady::TimedOut) => {}
            Err(NotReady::Cancelled) => {
                errno::set(libc::ECANCELED);
                return -1;
            }
            Err(NotReady::Refused(_)) => {
                // Blocking the thread is better than waiting for the wrong thing.
                // SAFETY: as the caller promises.
                return unsafe { next::poll(fds, count, timeout) };
            }
        }
    }
}

/// How long to sleep, if the numbers make sense.
fn duration(time: libc::timespec) -> Option<Duration> {
    let nanos = u32::try_from(time.tv_nsec)
        .ok()
        .filter(|nanos| *nanos < 1_000_000_000)?;
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, nanos))
}

/// Parks the coroutine for so long. A cancelled one wakes early.
fn sleep(time: Duration) {
    let before = errno::get();
    let deadline = Instant::now().checked_add(time);
    loop {
        let left =
            deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO)
            || hub::wait(&[], left) == Err(NotReady::Cancelled)
        {
            break;
        }
    }
    errno::set(before);
}

/// As `clock_nanosleep(2)`, which gives the number of its error and leaves `errno` alone.
///
/// # Safety
/// `time` points to a time; `left` is null or points to room for one.
pub unsafe fn clock_nanosleep(
    clock: libc::clockid_t,
    flags: i32,
    time: *const libc::timespec,
    left: *mut libc::timespec,
) -> i32 {
    if in_coroutine() && !time.is_null() {
        // SAFETY: the caller promises a time there.
        let wanted = duration(unsafe { *time });
        let span = if flags & libc::TIMER_ABSTIME == 0 {
            wanted
        } else {
            let mut now = libc::timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            // SAFETY: the kernel writes one time.
            let known = unsafe { libc::clock_gettime(clock, &raw mut now) } == 0;
            let now = if known { duration(now) } else { None };
            wanted
                .zip(now)
                .map(|(until, now)| until.saturating_sub(now))
        };
        if let Some(span) = span {
            sleep(span);
            return 0;
        }
    }
    // SAFETY: as the caller promises. What makes no sense is refused by the kernel, in
    // its words.
    unsafe { next::clock_nanosleep(clock, flags, time, left) }
}

/// As nanosleep(2).
///
/// # Safety
/// `time` points to a time; `left` is null or points to room for one.
pub unsafe fn nanosleep(time: *const libc::timespec, left: *mut libc::timespec) -> i32 {
    // SAFETY: the caller promises a time there, if it is not null.
    let span = (in_coroutine() && !time.is_null())
        .then(|| duration(unsafe { *time }))
        .flatten();
    if let Some(span) = span {
        sleep(span);
        return 0;
    }
    // SAFETY: as the caller promises.
    unsafe { next::nanosleep(time, left) }
}
