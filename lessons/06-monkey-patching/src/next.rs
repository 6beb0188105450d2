//! The functions that the patch hides: the C library's own, or those of another library
//! that is searched first.
//!
//! gevent keeps the originals too (`gevent.monkey.get_original`). `dlsym(RTLD_NEXT,
//! name)` asks the dynamic linker for the definition that it would have used without
//! ours.

use std::ffi::{CStr, c_char, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

/// A function that is looked up by name when it is first needed.
pub struct Next {
    name: &'static CStr,
    address: AtomicPtr<c_void>,
}

impl Next {
    /// Names a function, without looking it up yet.
    pub const fn new(name: &'static CStr) -> Self {
        Self {
            name,
            address: AtomicPtr::new(std::ptr::null_mut()),
        }
    }

    /// Returns the address of the next definition. Aborts the process if there is none,
    /// because a call could not be passed on.
    pub fn address(&self) -> *mut c_void {
        let known = self.address.load(Ordering::Relaxed);
        if !known.is_null() {
            return known;
        }
        // SAFETY: the name ends with a zero byte. `RTLD_NEXT` searches the objects after
        // the one that contains this code.
        let found =
            unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr().cast::<c_char>()) };
        if found.is_null() {
            std::process::abort();
        }
        // If two threads look it up at the same time, both find the same address.
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
        /// The conditions are those of the manual page of the same name.
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
            // SAFETY: this is the address of the function with this name, and these are
            // its arguments and its result as the C library's header declares them.
            let next = unsafe {
                std::mem::transmute::<*mut c_void, unsafe extern "C" fn($($kind),*) -> $result>(address)
            };
            // SAFETY: the caller meets the conditions of that function.
            unsafe { next($($argument),*) }
        }
    )*};
}

next! {
    /// Sleeps by a given clock. Returns an error number and does not touch `errno`.
    fn clock_nanosleep(clock: libc::clockid_t, flags: i32, time: *const libc::timespec, left: *mut libc::timespec) -> i32;
    /// Sleeps.
    fn nanosleep(time: *const libc::timespec, left: *mut libc::timespec) -> i32;
    /// Connects a socket.
    fn connect(fd: i32, address: *const libc::sockaddr, length: libc::socklen_t) -> i32;
    /// Accepts a connection, with flags for the new socket.
    fn accept4(fd: i32, address: *mut libc::sockaddr, length: *mut libc::socklen_t, flags: i32) -> i32;
    /// Receives.
    fn recv(fd: i32, buffer: *mut c_void, length: usize, flags: i32) -> isize;
    /// Receives, and returns the sender's address.
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
    /// Waits until one of several descriptors is ready.
    fn poll(fds: *mut libc::pollfd, count: libc::nfds_t, timeout: i32) -> i32;
    /// Starts a thread.
    fn pthread_create(thread: *mut libc::pthread_t, attributes: *const libc::pthread_attr_t, start: extern "C" fn(*mut c_void) -> *mut c_void, argument: *mut c_void) -> i32;
    /// Waits for a thread to end.
    fn pthread_join(thread: libc::pthread_t, result: *mut *mut c_void) -> i32;
    /// Detaches a thread.
    fn pthread_detach(thread: libc::pthread_t) -> i32;
}
