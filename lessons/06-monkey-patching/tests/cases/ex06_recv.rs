//! What `recv` has to do, each rule in one case. Sections are those of chapter 6.

use libc::{EAGAIN, ECANCELED, ECONNRESET};
use monkey_patching::machine::Machine;
use monkey_patching::machine::Wait::{Cancelled, Ready, TimedOut};

use crate::subject::recv;

/// `errno` of the thread where the caller goes on.
fn errno(machine: &Machine) -> i32 {
    machine.read(machine.errno_address())
}

#[test]
fn what_is_there_is_given_at_once() {
    let mut machine = Machine::new([Ok(5)], []).with_errno([7, 8]);
    assert_eq!(
        recv(&mut machine),
        5,
        "The first try gave 5 bytes. See \"Pass or park\"."
    );
    assert_eq!(
        (machine.tried(), machine.errno()),
        (1, [7, 8]),
        "One try is enough, and a success leaves `errno` alone (left: tries, both numbers). See \"The errno contract\"."
    );
}

#[test]
fn the_end_of_the_stream_is_a_result() {
    let mut machine = Machine::new([Ok(0)], []);
    assert_eq!(
        recv(&mut machine),
        0,
        "0 is the end of the stream, and a result like another. See \"Pass or park\"."
    );
}

#[test]
fn nothing_yet_parks_and_tries_again() {
    let mut machine =
        Machine::new([Err(EAGAIN), Err(EAGAIN), Err(EAGAIN), Ok(9)], [Ready; 3]);
    assert_eq!(
        (recv(&mut machine), machine.tried()),
        (9, 4),
        "After each `Ready` try again, for another may have been faster (left: result, tries). See \"Pass or park\"."
    );
}

#[test]
fn a_success_after_a_wait_leaves_errno_as_it_was() {
    let mut machine = Machine::new([Err(EAGAIN), Ok(9)], [Ready]).with_errno([7, 8]);
    assert_eq!(
        recv(&mut machine),
        9,
        "The second try gave 9 bytes. See \"Pass or park\"."
    );
    assert_eq!(
        errno(&machine),
        7,
        "`errno` was 7 when `recv` was called; the caller goes on in the other thread, and finds it there. \
         See \"The errno contract\"."
    );
}

#[test]
fn another_error_is_given_back_at_once() {
    let mut machine = Machine::new([Err(ECONNRESET)], []).with_errno([7, 8]);
    assert_eq!(
        (recv(&mut machine), errno(&machine)),
        (-1, ECONNRESET),
        "A broken connection is no reason to wait (left: result, `errno`). See \"Pass or park\"."
    );
}

#[test]
fn an_error_after_a_wait_is_read_in_the_thread_where_it_happened() {
    // What the first thread still says (EAGAIN, of the first try) is not about the second
    // try.
    let mut machine =
        Machine::new([Err(EAGAIN), Err(ECONNRESET)], [Ready]).with_errno([7, 8]);
    assert_eq!(
        (recv(&mut machine), errno(&machine)),
        (-1, ECONNRESET),
        "The second try failed in the other thread: take the address of `errno` anew (left: result, `errno`). \
         See \"The errno contract\"."
    );
}

#[test]
fn a_non_blocking_socket_is_never_parked() {
    let mut machine = Machine::new([Err(EAGAIN)], []).nonblocking();
    assert_eq!(
        (recv(&mut machine), errno(&machine)),
        (-1, EAGAIN),
        "Whoever set `O_NONBLOCK` wants to see `EAGAIN` (left: result, `errno`). See \"Pass or park\"."
    );
}

#[test]
fn a_timeout_is_eagain_where_the_caller_goes_on() {
    let mut machine = Machine::new([Err(EAGAIN)], [TimedOut]).with_errno([7, 8]);
    assert_eq!(
        (recv(&mut machine), errno(&machine)),
        (-1, EAGAIN),
        "`SO_RCVTIMEO` is over: -1, and `EAGAIN` in the thread of after the wait (left: result, `errno`). \
         See \"The errno contract\"."
    );
}

#[test]
fn a_cancelled_wait_is_an_error_of_its_own() {
    let mut machine = Machine::new([Err(EAGAIN)], [Cancelled]).with_errno([7, 8]);
    assert_eq!(
        (recv(&mut machine), errno(&machine)),
        (-1, ECANCELED),
        "A cancelled coroutine gets `ECANCELED`, and no second try (left: result, `errno`). See \"Cancelled\"."
    );
}
