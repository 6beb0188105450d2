//! Caught by: an_error_after_a_wait_is_read_in_the_thread_where_it_happened
//!
//! The misconception: errno is one variable, so its address is taken once.

use libc::{EAGAIN, ECANCELED};
use monkey_patching::machine::{Machine, Wait};

/// As recv(2): a count, or -1 with the error's number in `errno`.
pub fn recv(machine: &mut Machine) -> isize {
    let errno = machine.errno_address();
    let before = machine.read(errno);
    loop {
        let result = machine.try_recv();
        if result != -1 {
            machine.write(machine.errno_address(), before);
            return result;
        }
        if machine.read(errno) != EAGAIN || machine.is_nonblocking() {
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
