//! No address outlives a wait: it is taken where it is used.
//!
//! The number to put back is a value, and a value may be kept. The try after `Ready` may
//! find nothing again, for another coroutine may have been faster: so this is a loop.

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
        let number = match machine.wait() {
            Wait::Ready => continue,
            Wait::TimedOut => EAGAIN,
            Wait::Cancelled => ECANCELED,
        };
        machine.write(machine.errno_address(), number);
        return -1;
    }
}
