//! Caught by: a_non_blocking_socket_is_never_parked
//!
//! The misconception: in a coroutine every call may wait.

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
        if machine.read(machine.errno_address()) != EAGAIN {
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
