//! The loop ends in one of two ways, and what the caller gets is decided after it: an
//! error counts only if no byte was accepted before.
//!
//! No address is kept across a wait; each `read` and `write` asks for it again. The
//! number to restore is a plain value, and a value can be kept. A caller that gets fewer
//! bytes than it sent will call again, and that call reports what is wrong.

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
            sent.cast_signed()
        }
    }
}
