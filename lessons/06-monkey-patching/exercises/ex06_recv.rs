//! # A receive that parks
//!
//! Write the patched `recv` for a call that comes from a coroutine. `Machine` is a
//! machine to practise on: it has two threads, each with its own `errno`, and after each
//! `wait` the coroutine goes on in the *other* thread.
//!
//! - Try (`try_recv`). A result that is not -1 goes to the caller, and `errno` is then
//!   what it was when `recv` was called: in the thread where the caller goes on.
//! - Any error but `EAGAIN` goes to the caller: -1, and the error's number stays in
//!   `errno`.
//! - `EAGAIN` on a non-blocking socket goes to the caller too.
//! - Else `wait`. `Ready`: try again. `TimedOut`: -1 with `EAGAIN` in `errno`, as
//!   `SO_RCVTIMEO` has it. `Cancelled`: -1 with `ECANCELED`.
//!
//! Try it: `cargo test --test ex06_recv`

use monkey_patching::machine::Machine;

/// As recv(2): a count, or -1 with the error's number in `errno`.
pub fn recv(machine: &mut Machine) -> isize {
    let _ = machine;
    todo!("exercise ex06_recv")
}
