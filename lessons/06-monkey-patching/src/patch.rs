//! The patch itself: functions that have the names of the C library's blocking calls.
//!
//! They are in a macro because a program can define a name only once, and a program that
//! merely depends on this crate must not be patched. The dynamic linker uses the first
//! definition that it finds, and it searches the executable before any library. So there
//! is nothing to run first, and the patch cannot come too late.

/// Defines the C library's blocking calls in this program. Invoke it once, in the crate
/// root of an executable, a test or a `cdylib`.
///
/// It defines `clock_nanosleep`, `nanosleep`, `connect`, `accept`, `accept4`, `recv`,
/// `recvfrom`, `recvmsg`, `send`, `sendto`, `sendmsg`, `read`, `write`, `readv`, `writev`
/// and `poll`. On any system but Linux with glibc it expands to nothing.
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

            // SAFETY: each function has the name, the arguments and the contract of the C
            // library's function, so every caller gets what the manual page promises.
            // Nothing else in this program defines the name.
            $(
                #[unsafe(no_mangle)]
                unsafe extern "C" fn $name($($argument: $kind),*) -> $result {
                    // SAFETY: the caller meets the manual page's conditions.
                    unsafe { $crate::calls::$name($($argument),*) }
                }
            )*

            // SAFETY: as above.
            // ANCHOR: accept
            #[unsafe(no_mangle)]
            unsafe extern "C" fn accept(fd: i32, who: *mut Address, size: *mut u32) -> i32 {
                // SAFETY: the caller meets the manual page's conditions.
                unsafe { $crate::calls::accept4(fd, who, size, 0) }
            }
            // ANCHOR_END: accept
        }
    };
    // ANCHOR_END: symbols
}

/// Turns the threads of another program into coroutines. **This is unsound in general.**
///
/// It defines `pthread_create`, `pthread_join` and `pthread_detach`. By invoking it you
/// promise that the program does nothing that [`threads`](crate::threads) lists as
/// broken, and the compiler cannot check that promise. Use it in a `cdylib` that is
/// loaded before another program, and only for a demonstration.
#[macro_export]
macro_rules! unsafe_patch_threads {
    () => {
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        mod monkey_patch_threads {
            use $crate::types::{Any, Attributes, Number};

            // SAFETY: the name and the arguments are the C library's. The module
            // `threads` lists where the contract differs; the user of the macro has
            // accepted that.
            #[unsafe(no_mangle)]
            unsafe extern "C" fn pthread_create(
                thread: *mut Number,
                attributes: *const Attributes,
                start: extern "C" fn(*mut Any) -> *mut Any,
                argument: *mut Any,
            ) -> i32 {
                // SAFETY: the caller meets the manual page's conditions.
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
                // SAFETY: the caller meets the manual page's conditions.
                unsafe { $crate::threads::pthread_join(thread, result) }
            }

            // SAFETY: as above.
            #[unsafe(no_mangle)]
            unsafe extern "C" fn pthread_detach(thread: Number) -> i32 {
                // SAFETY: the caller meets the manual page's conditions.
                unsafe { $crate::threads::pthread_detach(thread) }
            }
        }
    };
}

/// Returns whether the calls of this program reach the patch. It makes a harmless call
/// and checks that our function was called.
pub fn is_patched() -> bool {
    #[cfg(target_os = "linux")]
    {
        use std::sync::atomic::Ordering;

        use crate::calls::PROBES;
        let before = PROBES.load(Ordering::Relaxed);
        // SAFETY: `poll` on no descriptors and without a timeout reads and writes
        // nothing.
        unsafe { libc::poll(std::ptr::null_mut(), 0, 0) };
        PROBES.load(Ordering::Relaxed) != before
    }
    #[cfg(not(target_os = "linux"))]
    false
}
