//! Caught by: what_is_there_is_given_at_once
//!
//! The misconception: a cooperative call gives way first.

use libc::{EAGAIN, ECANCELED};
use monkey_patching::machine::{Machine, Wait};

/// As recv(2): a count, or -1 with the error's number in `errno`.
pub fn recv(machine: &mut Machine) -> isize {
    let before = machine.read(machine.errno_address());
    loop {
        let number = match machine.wait() {
            Wait::Ready => 0,
            Wait::TimedOut => EAGAIN,
            Wait::Cancelled => ECANCELED,
        };
        if number != 0 {
            machine.write(machine.errno_address(), number);
            return -1;
        }
        let result = machine.try_recv();
        if result != -1 {
            machine.write(machine.errno_address(), before);
            return result;
        }
        if machine.read(machine.errno_address()) != EAGAIN || machine.is_nonblocking() {
            return -1;
        }
    }
}
