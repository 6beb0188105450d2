//! The functions that we stand before: the C library's own, or those of whoever is loaded
//! next.
//!
//! gevent keeps them too (`gevent.monkey.get_original`). `dlsym(RTLD_NEXT, name)` asks
//! the dynamic linker for the definition that would have been taken had ours not been
//! there.

use std::ffi::{CStr, c_char, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

/// A function, looked up by name when it is first needed.
pub struct Next {
    name: &'static CStr,
    address: AtomicPtr<c_void>,
}

impl Next {
    /// The next definition of `name`.
    pub const fn new(name: &'static CStr) -> Self {
        Self {
            name,
            address: AtomicPtr::new(std::ptr::null_mut()),
        }
    }

    /// Its address. It aborts when nobody else defines the name: then there is nothing to
    /// pass a call on to.
    pub fn address(&self) -> *mut c_void {
        let known = self.address.load(Ordering::Relaxed);
        if !known.is_null() {
            return known;
        }
        // SAFETY: the name ends with a zero byte. `RTLD_NEXT` looks behind the object
        // that this code is in.
        let found =
            unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr().cast::<c_char>()) };
        if found.is_null() {
            std::process::abort();
        }
        // Two threads may both look: they find the same.
        self.address.store(found, Ordering::Relaxed);
        found
    }
}

/// Declares functions that call the next definition of the same name.
macro_rules! next {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// As the manual page of the same name says.
        pub unsafe fn $name($($argument: $kind),*) -> $result {
            static NEXT: Next = {
                const NAME: &CStr =
                    match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                        Ok(name) => name,
                        Err(_) => panic!("a name has no zero byte"),
                    };
                Next::new(NAME)
            };
            let address = NEXT.address();
            // SAFETY: the address is that of the function with this name, and these are its arguments and its result
            // as the C library's header has them.
            let next = unsafe {
                std::mem::transmute::<*mut c_void, unsafe extern "C" fn($($kind),*) -> $result>(address)
            };
            // SAFETY: the caller keeps the conditions of that function.
            unsafe { next($($argument),*) }
        }
    )*};
}

next! {
    /// Sleeps, by a clock of choice; gives an error number, and leaves `errno` alone.
    fn clock_nanosleep(clock: libc::clockid_t, flags: i32, time: *const libc::timespec, left: *mut libc::timespec) -> i32;
    /// Sleeps.
    fn nanosleep(time: *const libc::timespec, left: *mut libc::timespec) -> i32;
    /// Connects a socket.
    fn connect(fd: i32, address: *const libc::sockaddr, length: libc::socklen_t) -> i32;
    /// Takes a connection, with flags for the new socket.
    fn accept4(fd: i32, address: *mut libc::sockaddr, length: *mut libc::socklen_t, flags: i32) -> i32;
    /// Receives.
    fn recv(fd: i32, buffer: *mut c_void, length: usize, flags: i32) -> isize;
    /// Receives, and says from whom.
    fn recvfrom(fd: i32, buffer: *mut c_void, length: usize, flags: i32, address: *mut libc::sockaddr, room: *mut libc::socklen_t) -> isize;
    /// Receives into several buffers.
    fn recvmsg(fd: i32, message: *mut libc::msghdr, flags: i32) -> isize;
    /// Sends.
    fn send(fd: i32, buffer: *const c_void, length: usize, flags: i32) -> isize;
    /// Sends to an address.
    fn sendto(fd: i32, buffer: *const c_void, length: usize, flags: i32, address: *const libc::sockaddr, size: libc::socklen_t) -> isize;
    /// Sends from several buffers.
    fn sendmsg(fd: i32, message: *const libc::msghdr, flags: i32) -> isize;
    /// Reads from any descriptor.
    fn read(fd: i32, buffer: *mut c_void, length: usize) -> isize;
    /// Writes to any descriptor.
    fn write(fd: i32, buffer: *const c_void, length: usize) -> isize;
    /// Reads into several buffers.
    fn readv(fd: i32, buffers: *const libc::iovec, count: i32) -> isize;
    /// Writes from several buffers.
    fn writev(fd: i32, buffers: *const libc::iovec, count: i32) -> isize;
    /// Waits for any of some descriptors.
    fn poll(fds: *mut libc::pollfd, count: libc::nfds_t, timeout: i32) -> i32;
    /// Begins a thread.
    fn pthread_create(thread: *mut libc::pthread_t, attributes: *const libc::pthread_attr_t, start: extern "C" fn(*mut c_void) -> *mut c_void, argument: *mut c_void) -> i32;
    /// Waits for a thread's end.
    fn pthread_join(thread: libc::pthread_t, result: *mut *mut c_void) -> i32;
    /// Leaves a thread to itself.
    fn pthread_detach(thread: libc::pthread_t) -> i32;
}
