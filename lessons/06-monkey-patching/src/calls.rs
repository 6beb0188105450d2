//! The functions that replace the C library's blocking calls.
//!
//! They all have the same shape. Outside a coroutine, or when the caller asked not to
//! wait, they *pass* the call to the next definition with the same arguments. Otherwise
//! they try the call without waiting and *give back* its result or its error; only if
//! nothing has arrived yet do they *park* the coroutine and try again later.
//!
//! Each keeps the contract of the call that it replaces: the same results, the same
//! error numbers in `errno`, the socket's own timeouts (`SO_RCVTIMEO`, `SO_SNDTIMEO`).
//! A call that succeeds leaves `errno` as it was.

use std::ffi::c_void;
use std::mem::size_of;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::hub::{self, Interest, NotReady, ready_now};
use crate::{errno, next};

/// The number of calls of `poll` with no descriptor: see [`crate::is_patched`].
pub(crate) static PROBES: AtomicUsize = AtomicUsize::new(0);

fn in_coroutine() -> bool {
    may::coroutine::is_coroutine()
}

/// Returns the flags of a descriptor, or 0 if the descriptor is not valid: the call that
/// follows will then report what is wrong.
fn flags_of(fd: i32) -> i32 {
    // SAFETY: F_GETFL takes and returns plain numbers.
    unsafe { libc::fcntl(fd, libc::F_GETFL) }.max(0)
}

fn is_nonblocking(fd: i32) -> bool {
    flags_of(fd) & libc::O_NONBLOCK != 0
}

/// Returns the timeout that is set as this option of a socket; `None` means forever.
fn time_limit(fd: i32, option: i32) -> Option<Duration> {
    let mut time = libc::timeval {
        tv_sec: 0,
        tv_usec: 0,
    };
    let mut size = libc::socklen_t::try_from(size_of::<libc::timeval>()).unwrap_or(0);
    // SAFETY: the kernel writes one `timeval`, whose size we pass.
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

/// Returns the deadline of a call that starts now, from the socket's timeout for this
/// direction.
fn deadline(fd: i32, interest: Interest) -> Option<Instant> {
    let option = if interest == libc::POLLIN {
        libc::SO_RCVTIMEO
    } else {
        libc::SO_SNDTIMEO
    };
    time_limit(fd, option).and_then(|time| Instant::now().checked_add(time))
}

/// Parks until a socket is ready.
///
/// # Errors
/// Returns an error number if the deadline expires or the coroutine is cancelled first.
fn wait(fd: i32, interest: Interest, deadline: Option<Instant>) -> Result<(), i32> {
    let left =
        deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    hub::wait(&[(fd, interest)], left).map_err(|why| match why {
        NotReady::TimedOut => libc::EAGAIN,
        NotReady::Cancelled => libc::ECANCELED,
        NotReady::Refused(number) => number,
    })
}

/// Repeats a call that does not wait until it has a result to give back, and parks the
/// coroutine between two tries. This is the heart of the patch.
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
        if is_nonblocking(fd) {
            errno::set(libc::EAGAIN);
            return -1;
        }
        let limit = *limit.get_or_insert_with(|| deadline(fd, interest));
        if let Err(number) = wait(fd, interest, limit) {
            errno::set(number);
            return -1;
        }
    }
}
// ANCHOR_END: cooperate

/// Repeats a call until all `length` bytes are transferred, as a blocking call does.
///
/// If an error stops it halfway, the bytes transferred so far are the result, and the
/// call is a success: the next one will report the error.
fn all(length: usize, mut part: impl FnMut(usize) -> isize) -> isize {
    let before = errno::get();
    let mut done = 0;
    loop {
        match usize::try_from(part(done)) {
            Ok(count) if count > 0 && done + count < length => done += count,
            Ok(count) => return (done + count).cast_signed(),
            Err(_) if done > 0 => {
                errno::set(before);
                return done.cast_signed();
            }
            Err(_) => return -1,
        }
    }
}

/// Replaces recv(2).
///
/// # Safety
/// `buffer` must have room for `length` bytes, and must not move until the call returns.
pub unsafe fn recv(fd: i32, buffer: *mut c_void, length: usize, flags: i32) -> isize {
    if !in_coroutine() || flags & libc::MSG_DONTWAIT != 0 {
        // SAFETY: as the caller promises.
        return unsafe { next::recv(fd, buffer, length, flags) };
    }
    let now = flags | libc::MSG_DONTWAIT;
    // SAFETY: the caller promises room for `length` bytes, and `at` is at most that.
    // If the buffer is on this coroutine's stack, it stays there while we are parked.
    let part =
        |at: usize| unsafe { next::recv(fd, buffer.byte_add(at), length - at, now) };
    if flags & libc::MSG_WAITALL != 0 && flags & libc::MSG_PEEK == 0 {
        return all(length, |at| cooperate(fd, libc::POLLIN, || part(at)));
    }
    cooperate(fd, libc::POLLIN, || part(0))
}

/// Replaces recvfrom(2).
///
/// # Safety
/// The conditions are those of the manual page.
pub unsafe fn recvfrom(
    fd: i32,
    buffer: *mut c_void,
    length: usize,
    flags: i32,
    address: *mut libc::sockaddr,
    room: *mut libc::socklen_t,
) -> isize {
    // ANCHOR: recvfrom
    // SAFETY: as the caller promises.
    let call =
        |flags| unsafe { next::recvfrom(fd, buffer, length, flags, address, room) };
    if !in_coroutine() || flags & libc::MSG_DONTWAIT != 0 {
        return call(flags);
    }
    cooperate(fd, libc::POLLIN, || call(flags | libc::MSG_DONTWAIT))
    // ANCHOR_END: recvfrom
}

/// Replaces recvmsg(2).
///
/// # Safety
/// The conditions are those of the manual page.
pub unsafe fn recvmsg(fd: i32, message: *mut libc::msghdr, flags: i32) -> isize {
    // SAFETY: as the caller promises.
    let call = |flags| unsafe { next::recvmsg(fd, message, flags) };
    if !in_coroutine() || flags & libc::MSG_DONTWAIT != 0 {
        return call(flags);
    }
    cooperate(fd, libc::POLLIN, || call(flags | libc::MSG_DONTWAIT))
}

/// Replaces send(2).
///
/// # Safety
/// `buffer` must have `length` bytes, and must not change until the call returns.
pub unsafe fn send(fd: i32, buffer: *const c_void, length: usize, flags: i32) -> isize {
    if !in_coroutine() || flags & libc::MSG_DONTWAIT != 0 {
        // SAFETY: as the caller promises.
        return unsafe { next::send(fd, buffer, length, flags) };
    }
    all(length, |at| {
        // SAFETY: the caller promises `length` bytes, and `at` is at most that.
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

/// Replaces sendto(2).
///
/// # Safety
/// The conditions are those of the manual page.
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

/// Replaces sendmsg(2). Unlike the original, it can send only a part of the bytes even on
/// a blocking socket.
///
/// # Safety
/// The conditions are those of the manual page.
pub unsafe fn sendmsg(fd: i32, message: *const libc::msghdr, flags: i32) -> isize {
    // SAFETY: as the caller promises.
    let call = |flags| unsafe { next::sendmsg(fd, message, flags) };
    if !in_coroutine() || flags & libc::MSG_DONTWAIT != 0 {
        return call(flags);
    }
    cooperate(fd, libc::POLLOUT, || call(flags | libc::MSG_DONTWAIT))
}

/// Returns whether the last call failed because its descriptor is not a socket.
fn not_a_socket(result: isize) -> bool {
    result == -1 && errno::get() == libc::ENOTSOCK
}

/// Replaces read(2): cooperative for sockets, passed on for files and pipes.
///
/// # Safety
/// The same as for [`recv`].
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

/// Replaces write(2): cooperative for sockets, passed on for files and pipes.
///
/// # Safety
/// The same as for [`send`].
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

/// Builds a message that consists of buffers alone.
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

/// Replaces readv(2): cooperative for sockets, passed on for files and pipes.
///
/// # Safety
/// The conditions are those of the manual page.
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

/// Replaces writev(2): cooperative for sockets, passed on for files and pipes. Unlike the
/// original, it can write only a part of the bytes even to a blocking socket.
///
/// # Safety
/// The conditions are those of the manual page.
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

/// Replaces accept4(2).
///
/// There is no flag for "do not wait", so it checks first whether a client is waiting. If
/// another process accepts that client between the check and the call, the call blocks,
/// and the worker with it.
///
/// # Safety
/// The conditions are those of the manual page.
pub unsafe fn accept4(
    fd: i32,
    address: *mut libc::sockaddr,
    length: *mut libc::socklen_t,
    flags: i32,
) -> i32 {
    if !in_coroutine() || is_nonblocking(fd) {
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

/// Replaces connect(2).
///
/// # Safety
/// `address` must point to `length` bytes of an address.
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
    // No other code uses a socket that is not connected yet, so nothing notices that it
    // is non-blocking for the duration of this call. SAFETY: F_SETFL takes plain numbers.
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

/// Waits until a connection that has been started is established. Returns 0, or the
/// number of its error.
fn connected(fd: i32) -> i32 {
    let limit = deadline(fd, libc::POLLOUT);
    while !ready_now(fd, libc::POLLOUT) {
        match wait(fd, libc::POLLOUT, limit) {
            Ok(()) => {}
            // connect(2) has its own error number for a timeout.
            Err(libc::EAGAIN) => return libc::EINPROGRESS,
            Err(number) => return number,
        }
    }
    let mut number = 0;
    let mut size = libc::socklen_t::try_from(size_of::<i32>()).unwrap_or(0);
    // SAFETY: the kernel writes one number, whose size we pass.
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

/// Replaces poll(2).
///
/// # Safety
/// `fds` must point to `count` entries.
pub unsafe fn poll(fds: *mut libc::pollfd, count: libc::nfds_t, timeout: i32) -> i32 {
    if fds.is_null() && count == 0 && timeout == 0 {
        PROBES.fetch_add(1, Ordering::Relaxed);
    }
    if !in_coroutine() || timeout == 0 {
        // SAFETY: as the caller promises.
        return unsafe { next::poll(fds, count, timeout) };
    }
    let before = errno::get();
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
        if ready == -1 {
            return -1;
        }
        if ready > 0 || left == Some(Duration::ZERO) {
            errno::set(before);
            return ready;
        }
        match hub::wait(&asked, left) {
            Ok(()) | Err(NotReady::TimedOut) => {}
            Err(NotReady::Cancelled) => {
                errno::set(libc::ECANCELED);
                return -1;
            }
            // epoll cannot watch one of them, so let the whole thread wait.
            Err(NotReady::Refused(_)) => {
                // SAFETY: as the caller promises.
                return unsafe { next::poll(fds, count, timeout) };
            }
        }
    }
}

/// Converts a time to sleep; `None` if its numbers are invalid.
fn duration(time: libc::timespec) -> Option<Duration> {
    let nanos = u32::try_from(time.tv_nsec)
        .ok()
        .filter(|nanos| *nanos < 1_000_000_000)?;
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, nanos))
}

/// Parks the coroutine for this time. Cancelling it ends the sleep early.
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

/// Replaces `clock_nanosleep(2)`, which returns the number of its error and does not
/// touch `errno`.
///
/// # Safety
/// `time` must point to a time; `left` must be null or point to room for one.
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
    // SAFETY: as the caller promises. The kernel rejects invalid times with its own
    // error.
    unsafe { next::clock_nanosleep(clock, flags, time, left) }
}

/// Replaces nanosleep(2).
///
/// # Safety
/// `time` must point to a time; `left` must be null or point to room for one.
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
