//! Caught by: nothing_yet_parks_and_tries_again
//!
//! Off by one: after one wait the data must be there.

use libc::{EAGAIN, ECANCELED};
use monkey_patching::machine::{Machine, Wait};

/// As recv(2): a count, or -1 with the error's number in `errno`.
pub fn recv(machine: &mut Machine) -> isize {
    let before = machine.read(machine.errno_address());
    let mut result = machine.try_recv();
    if result == -1
        && machine.read(machine.errno_address()) == EAGAIN
        && !machine.is_nonblocking()
    {
        let number = match machine.wait() {
            Wait::Ready => 0,
            Wait::TimedOut => EAGAIN,
            Wait::Cancelled => ECANCELED,
        };
        if number != 0 {
            machine.write(machine.errno_address(), number);
            return -1;
        }
        result = machine.try_recv();
    }
    if result != -1 {
        machine.write(machine.errno_address(), before);
    }
    result
}
