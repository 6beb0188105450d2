//! Monkey patching for Rust: makes blocking code wait cooperatively, without changing its
//! source.
//!
//! To block, the standard library calls functions of the C library by name: `recv`,
//! `send`, `accept4`, `clock_nanosleep`. The linker binds these names, and it prefers a
//! definition in the executable to the one in the C library. This crate provides such
//! definitions. Inside a coroutine of `may` they park the coroutine instead of blocking
//! the thread; anywhere else they call the C library's own functions.
//!
//! Depending on this crate changes nothing. A program that wants the patch invokes
//! [`patch_all!`] once, in its crate root. The patch works on Linux with glibc. On other
//! systems the macro expands to nothing, and [`is_patched`] returns `false`.

pub mod choose;
pub mod machine;
mod patch;
pub mod plain;

#[cfg(target_os = "linux")]
pub mod calls;
#[cfg(target_os = "linux")]
pub mod errno;
#[cfg(target_os = "linux")]
pub mod hub;
#[cfg(target_os = "linux")]
pub mod next;
#[cfg(target_os = "linux")]
pub mod threads;

/// The C library's types under short names, for [`patch_all!`].
#[doc(hidden)]
#[cfg(target_os = "linux")]
pub mod types {
    pub use std::ffi::c_void as Any;

    pub use libc::{
        iovec as Buffer, msghdr as Message, pollfd as Asked,
        pthread_attr_t as Attributes, pthread_t as Number, sockaddr as Address,
        timespec as Time,
    };
}

// A solution imports from `monkey_patching::` as a reader's answer does, so that either
// can replace the other.
extern crate self as monkey_patching;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;

pub use patch::is_patched;
