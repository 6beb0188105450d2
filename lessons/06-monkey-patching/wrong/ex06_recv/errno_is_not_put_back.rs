//! Caught by: a_success_after_a_wait_leaves_errno_as_it_was
//!
//! The misconception: after a success nobody looks at errno.

use libc::{EAGAIN, ECANCELED};
use monkey_patching::machine::{Machine, Wait};

/// As recv(2): a count, or -1 with the error's number in `errno`.
pub fn recv(machine: &mut Machine) -> isize {
    loop {
        let result = machine.try_recv();
        if result != -1 {
            return result;
        }
        if machine.read(machine.errno_address()) != EAGAIN || machine.is_nonblocking() {
            return -1;
        }
        let number = match machine.wait() {
            Wait::Ready => continue,
            Wait::TimedOut => EAGAIN,
            Wait::Cancelled => ECANCELED,
        };
        machine.write(machine.errno_address(), number);
        return -1;
    }
}
