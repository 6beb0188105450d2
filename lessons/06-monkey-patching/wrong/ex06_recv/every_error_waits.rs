//! Caught by: another_error_is_given_back_at_once
//!
//! The misconception: -1 means that nothing is there yet.

use libc::{EAGAIN, ECANCELED};
use monkey_patching::machine::{Machine, Wait};

/// As recv(2): a count, or -1 with the error's number in `errno`.
pub fn recv(machine: &mut Machine) -> isize {
    let before = machine.read(machine.errno_address());
    loop {
        let result = machine.try_recv();
        if result != -1 {
            machine.write(machine.errno_address(), before);
            return result;
        }
        if machine.is_nonblocking() {
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
