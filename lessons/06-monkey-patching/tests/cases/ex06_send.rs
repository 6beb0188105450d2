//! The rules of `send`, one per case. The sections are those of chapter 6.

use libc::{EAGAIN, ECANCELED, ECONNRESET, EPIPE};
use monkey_patching::machine::Machine;
use monkey_patching::machine::Wait::{Cancelled, Ready, TimedOut};

use super::subject::send;

/// The `errno` that the caller sees: that of the thread on which `send` returned.
fn errno(machine: &Machine) -> i32 {
    machine.read(machine.errno_address())
}

#[track_caller]
fn result_is(yours: isize, wanted: isize, why: &str) {
    assert!(
        yours == wanted,
        "`send` returned\n  yours:  {yours}\n  wanted: {wanted}\n{why}"
    );
}

#[track_caller]
fn errno_is(machine: &Machine, wanted: i32, why: &str) {
    let yours = errno(machine);
    assert!(
        yours == wanted,
        "`errno` on the thread where `send` returned is\n  yours:  {yours}\n  wanted: \
         {wanted}\n{why}"
    );
}

#[track_caller]
fn sent_is(machine: &Machine, wanted: &[u8], why: &str) {
    let yours = machine.sent();
    assert!(
        yours == wanted,
        "the kernel has accepted\n  yours:  {:?}\n  wanted: {:?}\n{why}",
        String::from_utf8_lossy(yours),
        String::from_utf8_lossy(wanted),
    );
}

#[test]
fn bytes_that_fit_are_sent_at_once() {
    let mut machine = Machine::new([Ok(5)], []).with_errno([7, 8]);
    let why = "The first try accepted all 5 bytes. See \"Pass or park\".";
    result_is(send(&mut machine, b"hello"), 5, why);
    sent_is(&machine, b"hello", why);
    errno_is(
        &machine,
        7,
        "It was 7 before the call, and a success leaves it alone. See \"The errno \
         contract\".",
    );
}

#[test]
fn a_short_send_continues_with_the_rest() {
    let mut machine = Machine::new([Ok(2), Ok(2), Ok(1)], []);
    let why = "The kernel accepted \"he\", then \"ll\", then \"o\". A blocking `send` \
               continues with the rest and returns the sum. See \"Sending a part\".";
    let result = send(&mut machine, b"hello");
    sent_is(&machine, b"hello", why);
    result_is(result, 5, why);
}

#[test]
fn eagain_parks_and_tries_again() {
    let mut machine = Machine::new([Err(EAGAIN), Err(EAGAIN), Ok(5)], [Ready; 2]);
    result_is(
        send(&mut machine, b"hello"),
        5,
        "After each `Ready` try again, however often. See \"Pass or park\".",
    );
}

#[test]
fn after_a_wait_only_the_rest_is_sent() {
    let mut machine = Machine::new([Ok(2), Err(EAGAIN), Ok(3)], [Ready]);
    let why = "\"he\" was accepted before the wait and must not be sent again. \
               See \"Sending a part\".";
    let result = send(&mut machine, b"hello");
    sent_is(&machine, b"hello", why);
    result_is(result, 5, why);
}

#[test]
fn a_success_after_a_wait_leaves_errno_as_it_was() {
    let mut machine = Machine::new([Err(EAGAIN), Ok(5)], [Ready]).with_errno([7, 8]);
    result_is(
        send(&mut machine, b"hello"),
        5,
        "The second try accepted 5 bytes. See \"Pass or park\".",
    );
    errno_is(
        &machine,
        7,
        "It was 7 when `send` was called. `send` returns on the other thread, and the \
         caller looks there. See \"The errno contract\".",
    );
}

#[test]
fn an_error_is_returned_at_once() {
    let mut machine = Machine::new([Err(ECONNRESET)], []).with_errno([7, 8]);
    let why = "The connection was reset (ECONNRESET) before any byte was accepted. \
               Waiting does not help. See \"Pass or park\".";
    result_is(send(&mut machine, b"hello"), -1, why);
    errno_is(&machine, ECONNRESET, why);
}

#[test]
fn an_error_after_a_wait_is_read_on_the_thread_where_it_happened() {
    // The first thread's errno still holds the EAGAIN of the first try.
    let mut machine =
        Machine::new([Err(EAGAIN), Err(ECONNRESET)], [Ready]).with_errno([7, 8]);
    let why = "The second try failed (ECONNRESET) on the other thread: ask for the \
               address of `errno` again after a wait. See \"The errno contract\".";
    result_is(send(&mut machine, b"hello"), -1, why);
    errno_is(&machine, ECONNRESET, why);
}

#[test]
fn an_error_after_some_bytes_is_a_success() {
    let mut machine = Machine::new([Ok(2), Err(ECONNRESET)], []).with_errno([7, 8]);
    let why = "2 bytes were accepted before the error. Without that number the caller \
               would send them again. See \"Sending a part\".";
    result_is(send(&mut machine, b"hello"), 2, why);
    errno_is(
        &machine,
        7,
        "The call is a success, so `errno` is what it was before. See \"Sending a \
         part\".",
    );
}

#[test]
fn a_wait_that_ends_after_some_bytes_is_a_success() {
    for ended in [TimedOut, Cancelled] {
        let mut machine = Machine::new([Ok(2), Err(EAGAIN)], [ended]).with_errno([7, 8]);
        let why = format!(
            "2 bytes were accepted before the wait ended with `{ended:?}`: the call is a \
             success. See \"Sending a part\"."
        );
        result_is(send(&mut machine, b"hello"), 2, &why);
        errno_is(&machine, 7, &why);
    }
}

#[test]
fn a_non_blocking_socket_never_parks() {
    let mut machine = Machine::new([Err(EAGAIN)], []).nonblocking();
    let why =
        "The program that set `O_NONBLOCK` wants to see `EAGAIN`. See \"Pass or park\".";
    result_is(send(&mut machine, b"hello"), -1, why);
    errno_is(&machine, EAGAIN, why);
    let mut machine = Machine::new([Ok(2), Err(EAGAIN)], []).nonblocking();
    result_is(
        send(&mut machine, b"hello"),
        2,
        "2 bytes were accepted before the non-blocking socket was full. \
         See \"Sending a part\".",
    );
}

#[test]
fn an_error_of_a_non_blocking_socket_keeps_its_number() {
    let mut machine = Machine::new([Err(ECONNRESET)], []).nonblocking();
    let why = "The try failed with ECONNRESET, not with EAGAIN. See \"Pass or park\".";
    result_is(send(&mut machine, b"hello"), -1, why);
    errno_is(&machine, ECONNRESET, why);
}

#[test]
fn a_timeout_is_eagain_on_the_thread_that_returns() {
    let mut machine = Machine::new([Err(EAGAIN)], [TimedOut]).with_errno([7, 8]);
    let why = "The socket's timeout expired: -1, with EAGAIN on the thread where the \
               coroutine resumed. See \"The errno contract\".";
    result_is(send(&mut machine, b"hello"), -1, why);
    errno_is(&machine, EAGAIN, why);
}

#[test]
fn a_cancelled_wait_has_its_own_error() {
    let mut machine = Machine::new([Err(EAGAIN)], [Cancelled]).with_errno([7, 8]);
    let why = "A cancelled coroutine gets ECANCELED, without another try. \
               See \"Cancellation\".";
    result_is(send(&mut machine, b"hello"), -1, why);
    errno_is(&machine, ECANCELED, why);
}

#[test]
fn an_empty_send_is_tried_once() {
    let why = "There are no bytes, but the call still has to reach the kernel: for UDP \
               it sends an empty datagram, and it reports errors. See \"Sending a \
               part\".";
    let mut machine = Machine::new([Ok(0)], []);
    result_is(send(&mut machine, b""), 0, why);
    assert!(
        machine.tried() == 1,
        "calls of `try_send`\n  yours:  {}\n  wanted: 1\n{why}",
        machine.tried()
    );
    let mut machine = Machine::new([Err(EPIPE)], []);
    result_is(send(&mut machine, b""), -1, why);
}
