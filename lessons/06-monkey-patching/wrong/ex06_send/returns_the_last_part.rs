//! Caught by: a_short_send_continues_with_the_rest
//!
//! The misconception: the result of the last try is the result of the call.

use libc::{EAGAIN, ECANCELED};
use monkey_patching::machine::{Machine, Wait};

/// Replaces send(2): returns a number of bytes, or -1 with the error's number in `errno`.
pub fn send(machine: &mut Machine, bytes: &[u8]) -> isize {
    let before = machine.read(machine.errno_address());
    let (mut sent, mut last) = (0, 0);
    let stopped = loop {
        let result = machine.try_send(&bytes[sent..]);
        if let Ok(count) = usize::try_from(result) {
            sent += count;
            last = count;
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
            machine.write(machine.errno_address(), before);
            last.cast_signed()
        }
    }
}
