//! Monkey patching for Rust: blocking code that waits cooperatively, without a change to
//! its source.
//!
//! The standard library does not talk to the kernel itself. It calls functions of the C
//! library by name: `recv`, `send`, `accept4`, `clock_nanosleep`. A name is bound by the
//! linker, and an executable that defines one itself has the first word. This crate has
//! such definitions. Inside a coroutine of `may` they park the coroutine in the place
//! of the thread; anywhere else they call the C library's own.
//!
//! To depend on this crate changes nothing. The program that wants the patch says
//! [`patch_all!`] once, in its root. It works on Linux with glibc. Elsewhere the macro
//! expands to nothing, and [`is_patched`] says so.

pub mod choose;
mod decide;
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

/// The C library's types by short names, for [`patch_all!`].
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

// A solution says `monkey_patching::` as an answer does, so that the one can be put in
// the place of the other.
extern crate self as monkey_patching;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;

pub use decide::{Decision, Moment, decide};
pub use patch::is_patched;
