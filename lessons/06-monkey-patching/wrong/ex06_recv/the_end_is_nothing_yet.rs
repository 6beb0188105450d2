//! Caught by: the_end_of_the_stream_is_a_result
//!
//! The misconception: 0 bytes are no bytes, so wait for some.

use libc::{EAGAIN, ECANCELED};
use monkey_patching::machine::{Machine, Wait};

/// As recv(2): a count, or -1 with the error's number in `errno`.
pub fn recv(machine: &mut Machine) -> isize {
    let before = machine.read(machine.errno_address());
    loop {
        let result = machine.try_recv();
        if result > 0 {
            machine.write(machine.errno_address(), before);
            return result;
        }
        if result == -1
            && (machine.read(machine.errno_address()) != EAGAIN
                || machine.is_nonblocking())
        {
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
