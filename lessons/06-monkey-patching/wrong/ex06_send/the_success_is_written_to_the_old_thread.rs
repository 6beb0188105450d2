//! Caught by: a_success_after_a_wait_leaves_errno_as_it_was
//!
//! The misconception: the place to restore is the one that was read.

use libc::{EAGAIN, ECANCELED};
use monkey_patching::machine::{Machine, Wait};

/// Replaces send(2): returns a number of bytes, or -1 with the error's number in `errno`.
pub fn send(machine: &mut Machine, bytes: &[u8]) -> isize {
    let address = machine.errno_address();
    let before = machine.read(address);
    let mut sent = 0;
    let stopped = loop {
        let result = machine.try_send(&bytes[sent..]);
        if let Ok(count) = usize::try_from(result) {
            sent += count;
            if sent == bytes.len() {
                break None;
            }
            continue;
        }
        let number = machine.read(machine.errno_address());
        if number != EAGAIN || machine.is_nonblocking() {
            break Some(number);
        }
        match machine.wait() {
            Wait::Ready => {}
            Wait::TimedOut => break Some(EAGAIN),
            Wait::Cancelled => break Some(ECANCELED),
        }
    };
    match stopped {
        Some(number) if sent == 0 => {
            machine.write(machine.errno_address(), number);
            -1
        }
        _ => {
            machine.write(address, before);
            sent.cast_signed()
        }
    }
}
