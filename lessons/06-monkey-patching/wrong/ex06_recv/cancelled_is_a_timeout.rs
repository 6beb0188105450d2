//! Caught by: a_cancelled_wait_is_an_error_of_its_own
//!
//! The misconception: a wait that ended without data is a timeout, whatever ended it.

use libc::{EAGAIN, ECANCELED};
use monkey_patching::machine::{Machine, Wait};

/// As recv(2): a count, or -1 with the error's number in `errno`.
pub fn recv(machine: &mut Machine) -> isize {
    let _ = ECANCELED;
    let before = machine.read(machine.errno_address());
    loop {
        let result = machine.try_recv();
        if result != -1 {
            machine.write(machine.errno_address(), before);
            return result;
        }
        if machine.read(machine.errno_address()) != EAGAIN || machine.is_nonblocking() {
            return -1;
        }
        if machine.wait() != Wait::Ready {
            machine.write(machine.errno_address(), EAGAIN);
            return -1;
        }
    }
}
