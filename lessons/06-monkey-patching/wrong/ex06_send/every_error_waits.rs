//! Caught by: an_error_is_returned_at_once
//!
//! The misconception: -1 always means that the kernel has no room yet.

use libc::{EAGAIN, ECANCELED};
use monkey_patching::machine::{Machine, Wait};

/// Replaces send(2): returns a number of bytes, or -1 with the error's number in `errno`.
pub fn send(machine: &mut Machine, bytes: &[u8]) -> isize {
    let before = machine.read(machine.errno_address());
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
        if machine.is_nonblocking() {
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
            machine.write(machine.errno_address(), before);
            sent.cast_signed()
        }
    }
}
