//! Caught by: a_timeout_is_eagain_where_the_caller_goes_on
//!
//! The misconception: the number was written before the wait, so it is there after it.

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
        if machine.read(machine.errno_address()) != EAGAIN || machine.is_nonblocking() {
            return -1;
        }
        match machine.wait() {
            Wait::Ready => {}
            // EAGAIN is what the try has left.
            Wait::TimedOut => return -1,
            Wait::Cancelled => {
                machine.write(machine.errno_address(), ECANCELED);
                return -1;
            }
        }
    }
}
