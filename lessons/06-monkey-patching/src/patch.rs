//! The patch itself: functions with the names of the C library's.
//!
//! They are in a macro because a name can be defined once in a program, and whoever only
//! depends on this crate must not get them. The linker takes the first definition that it
//! finds, and the executable's own objects come before every library: so nothing has to
//! be run first, and nothing can be too late.

/// Defines the C library's blocking calls in this program. Say it once, in the root of an
/// executable, a test or a `cdylib`.
///
/// Patched are `clock_nanosleep nanosleep connect accept accept4 recv recvfrom recvmsg
/// send sendto sendmsg read write readv writev poll`. On anything but Linux with glibc it
/// expands to nothing.
#[macro_export]
macro_rules! patch_all {
    () => {
        $crate::patch_all! {
            fn clock_nanosleep(clock: i32, flags: i32, time: *const Time, left: *mut Time) -> i32;
            fn nanosleep(time: *const Time, left: *mut Time) -> i32;
            fn connect(fd: i32, address: *const Address, length: u32) -> i32;
            fn accept4(fd: i32, address: *mut Address, length: *mut u32, flags: i32) -> i32;
            fn recv(fd: i32, buffer: *mut Any, length: usize, flags: i32) -> isize;
            fn recvfrom(fd: i32, buffer: *mut Any, length: usize, flags: i32, address: *mut Address, room: *mut u32) -> isize;
            fn recvmsg(fd: i32, message: *mut Message, flags: i32) -> isize;
            fn send(fd: i32, buffer: *const Any, length: usize, flags: i32) -> isize;
            fn sendto(fd: i32, buffer: *const Any, length: usize, flags: i32, address: *const Address, size: u32) -> isize;
            fn sendmsg(fd: i32, message: *const Message, flags: i32) -> isize;
            fn read(fd: i32, buffer: *mut Any, length: usize) -> isize;
            fn write(fd: i32, buffer: *const Any, length: usize) -> isize;
            fn readv(fd: i32, buffers: *const Buffer, count: i32) -> isize;
            fn writev(fd: i32, buffers: *const Buffer, count: i32) -> isize;
            fn poll(fds: *mut Asked, count: u64, timeout: i32) -> i32;
        }
    };
    // ANCHOR: symbols
    ($(fn $name:ident($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        mod monkey_patch {
            use $crate::types::{Address, Any, Asked, Buffer, Message, Time};

            // SAFETY: each has the name, the arguments and the contract of the C library's,
            // so whoever calls it by that name gets what the manual page says. Nobody else
            // in this program defines the name.
            $(
                #[unsafe(no_mangle)]
                unsafe extern "C" fn $name($($argument: $kind),*) -> $result {
                    // SAFETY: the caller keeps the manual page's conditions.
                    unsafe { $crate::calls::$name($($argument),*) }
                }
            )*

            // SAFETY: as above.
            #[unsafe(no_mangle)]
            unsafe extern "C" fn accept(fd: i32, who: *mut Address, size: *mut u32) -> i32 {
                // SAFETY: the caller keeps the manual page's conditions.
                unsafe { $crate::calls::accept4(fd, who, size, 0) }
            }
        }
    };
    // ANCHOR_END: symbols
}

/// Defines `pthread_create`, `pthread_join` and `pthread_detach`: the threads of the
/// program become coroutines.
///
/// Only in a `cdylib` that is loaded before another program, and only after reading
/// [`threads`](crate::threads).
#[macro_export]
macro_rules! patch_threads {
    () => {
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        mod monkey_patch_threads {
            use $crate::types::{Any, Attributes, Number};

            // SAFETY: the C library's name and arguments; what differs in the contract is
            // said in `threads`.
            #[unsafe(no_mangle)]
            unsafe extern "C" fn pthread_create(
                thread: *mut Number,
                attributes: *const Attributes,
                start: extern "C" fn(*mut Any) -> *mut Any,
                argument: *mut Any,
            ) -> i32 {
                // SAFETY: the caller keeps the manual page's conditions.
                unsafe {
                    $crate::threads::pthread_create(thread, attributes, start, argument)
                }
            }

            // SAFETY: as above.
            #[unsafe(no_mangle)]
            unsafe extern "C" fn pthread_join(
                thread: Number,
                result: *mut *mut Any,
            ) -> i32 {
                // SAFETY: the caller keeps the manual page's conditions.
                unsafe { $crate::threads::pthread_join(thread, result) }
            }

            // SAFETY: as above.
            #[unsafe(no_mangle)]
            unsafe extern "C" fn pthread_detach(thread: Number) -> i32 {
                // SAFETY: the caller keeps the manual page's conditions.
                unsafe { $crate::threads::pthread_detach(thread) }
            }
        }
    };
}

/// Whether the calls of this program arrive here: it makes a harmless one and looks.
pub fn is_patched() -> bool {
    #[cfg(target_os = "linux")]
    {
        use std::sync::atomic::Ordering;

        use crate::calls::PROBES;
        let before = PROBES.load(Ordering::Relaxed);
        // SAFETY: `poll` about no descriptor at all, without waiting, reads and writes
        // nothing.
        unsafe { libc::poll(std::ptr::null_mut(), 0, 0) };
        PROBES.load(Ordering::Relaxed) != before
    }
    #[cfg(not(target_os = "linux"))]
    false
}
