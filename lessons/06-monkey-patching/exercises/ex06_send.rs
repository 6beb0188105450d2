//! # A send that parks
//!
//! The chapter shows the loop behind the patched `recv`. Write the one behind `send`, for
//! a call that comes from a coroutine on a blocking or a non-blocking socket. It differs
//! because the kernel can accept a part of the bytes, and a blocking `send` continues
//! until the kernel has accepted them all.
//!
//! - Call `machine.try_send` with the bytes that are left. It never waits. It returns the
//!   number of bytes that the kernel accepted, or -1 with the error's number in `errno`.
//! - Repeat it until all bytes are accepted, then return their number. If there are no
//!   bytes at all, call it once all the same: an empty datagram is a datagram too.
//! - `EAGAIN` on a blocking socket: `machine.wait()` parks the coroutine. After
//!   `Wait::Ready`, try again.
//! - Four things stop the call early: an error other than `EAGAIN`; `EAGAIN` on a socket
//!   for which `machine.is_nonblocking()`; `Wait::TimedOut`, whose number is `EAGAIN`;
//!   and `Wait::Cancelled`, whose number is `ECANCELED`. If no byte was accepted before,
//!   return -1 with that number in `errno`. If some were, the call is a success: return
//!   how many.
//! - After a success, `errno` is what it was when `send` was called.
//!
//! `Machine` simulates two threads, each with its own `errno`, and after each `wait` the
//! coroutine is on the *other* thread. `machine.errno_address()` returns an
//! `ErrnoAddress`: the place of `errno` in the thread that the coroutine is on at that
//! moment. `machine.read(address)` and `machine.write(address, number)` use it. In C it
//! would be a raw pointer; here it is a plain value, so nothing in this exercise is
//! `unsafe`, but an address from before a wait belongs to the wrong thread. The caller
//! looks at the `errno` of the thread on which `send` returns.
//!
//! Try it: `cargo test --test ex06_send`

use libc::{EAGAIN, ECANCELED};
use monkey_patching::machine::{Machine, Wait};

/// Replaces send(2): returns a number of bytes, or -1 with the error's number in `errno`.
pub fn send(machine: &mut Machine, bytes: &[u8]) -> isize {
    // This line only silences the compiler: delete it.
    let _ = (machine, bytes, EAGAIN, ECANCELED, Wait::Ready);
    todo!("exercise ex06_send")
}
