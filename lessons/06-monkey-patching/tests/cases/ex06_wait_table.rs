//! The rules of the wait table, one per case. The sections are those of chapter 6.

use std::fmt::Debug;

use super::subject::{Interest, WaitTable};

const READ: Interest = Interest {
    read: true,
    write: false,
};
const WRITE: Interest = Interest {
    read: false,
    write: true,
};
const BOTH: Interest = Interest {
    read: true,
    write: true,
};

/// A table of coroutines with names and without deadlines.
fn table(entries: &[(i32, Interest, &'static str)]) -> WaitTable<&'static str> {
    let mut table = WaitTable::new();
    for &(fd, interest, who) in entries {
        table.join(fd, interest, None, who);
    }
    table
}

/// A table of coroutines that wait to read from descriptor 3, 4 and so on.
fn deadlines(deadlines: &[(Option<u64>, &'static str)]) -> WaitTable<&'static str> {
    let mut table = WaitTable::new();
    for (fd, &(deadline, who)) in (3..).zip(deadlines) {
        table.join(fd, READ, deadline, who);
    }
    table
}

#[track_caller]
fn check<T: PartialEq + Debug>(call: &str, yours: T, wanted: T, why: &str) {
    assert!(
        yours == wanted,
        "{call}\n  yours:  {yours:?}\n  wanted: {wanted:?}\n{why} See \"The hub\"."
    );
}

#[test]
fn waiters_are_woken_in_order() {
    let mut table = table(&[(3, READ, "ann"), (3, READ, "bob"), (3, READ, "cid")]);
    check(
        "the first that `ready(3, READ)` returns",
        table.ready(3, READ).first().copied(),
        Some("ann"),
        "Ann, Bob and Cid joined in this order.",
    );
}

#[test]
fn an_event_wakes_every_waiter_it_concerns() {
    let mut table = table(&[(3, READ, "ann"), (3, READ, "bob")]);
    let mut woken = table.ready(3, READ);
    woken.sort_unstable();
    check(
        "`ready(3, READ)`, sorted",
        woken,
        vec!["ann", "bob"],
        "One event can mean data for both, so both have to try.",
    );
    check(
        "a second `ready(3, READ)`",
        table.ready(3, READ),
        vec![],
        "A coroutine that was woken no longer waits.",
    );
}

#[test]
fn waiters_for_something_else_stay() {
    let mut table = table(&[(3, READ, "ann"), (3, WRITE, "bob")]);
    check(
        "`ready(3, WRITE)`",
        table.ready(3, WRITE),
        vec!["bob"],
        "Only Bob waits to write.",
    );
    check(
        "then `ready(3, READ)`",
        table.ready(3, READ),
        vec!["ann"],
        "Ann still waits to read.",
    );
}

#[test]
fn either_of_two_interests_is_enough() {
    for arrived in [READ, WRITE, BOTH] {
        let mut table = table(&[(3, BOTH, "ann")]);
        check(
            &format!("`ready(3, {arrived:?})`"),
            table.ready(3, arrived),
            vec!["ann"],
            "Ann waits for either of the two.",
        );
    }
    let mut table = table(&[(3, READ, "ann")]);
    check(
        "`ready` with nothing that has arrived",
        table.ready(3, Interest::default()),
        vec![],
        "There is no reason to wake Ann.",
    );
}

#[test]
fn an_event_removes_the_whole_entry() {
    let mut table = table(&[(3, BOTH, "ann")]);
    table.ready(3, READ);
    check(
        "`len()` after `ready(3, READ)`",
        table.len(),
        0,
        "Ann waited for reading and writing in one entry, and an event removes it \
         whole: she joins again if she still has to wait.",
    );
}

#[test]
fn an_event_keeps_the_order_of_the_others() {
    let mut table = table(&[
        (3, WRITE, "ann"),
        (3, READ, "bob"),
        (3, WRITE, "cid"),
        (3, WRITE, "dan"),
        (3, WRITE, "eve"),
    ]);
    table.ready(3, READ);
    check(
        "`ready(3, WRITE)` after Bob was woken",
        table.ready(3, WRITE),
        vec!["ann", "cid", "dan", "eve"],
        "Removing Bob's entry does not move the others.",
    );
}

#[test]
fn readers_and_writers_are_woken_in_one_order() {
    let mut table = table(&[(3, WRITE, "ann"), (3, READ, "bob"), (3, WRITE, "cid")]);
    check(
        "`ready(3, BOTH)`",
        table.ready(3, BOTH),
        vec!["ann", "bob", "cid"],
        "The order is that of the entries, whatever each waits for.",
    );
}

#[test]
fn an_event_leaves_the_other_descriptors() {
    let mut table = table(&[(3, READ, "ann"), (4, READ, "ann")]);
    table.ready(3, READ);
    check(
        "`len()` after `ready(3, READ)`",
        table.len(),
        1,
        "Ann has an entry at 4 as well, and `ready` is about 3.",
    );
}

#[test]
fn the_kernel_is_asked_for_every_interest() {
    let table = table(&[
        (3, READ, "ann"),
        (3, WRITE, "bob"),
        (3, READ, "cid"),
        (4, WRITE, "ann"),
    ]);
    check(
        "`interest` of 3, 4 and 5",
        [3, 4, 5].map(|fd| table.interest(fd)),
        [BOTH, WRITE, Interest::default()],
        "The kernel is asked for everything that any coroutine wants at a descriptor, \
         and for nothing else.",
    );
}

#[test]
fn descriptors_are_independent() {
    let mut table = table(&[(3, READ, "ann"), (4, READ, "bob"), (5, READ, "cid")]);
    check(
        "`ready(4, READ)`",
        table.ready(4, READ),
        vec!["bob"],
        "Only Bob waits at 4.",
    );
    check(
        "`len()` after it",
        table.len(),
        2,
        "Ann and Cid still wait, at 3 and at 5.",
    );
}

#[test]
fn joining_again_replaces_the_entry_in_place() {
    let mut table = table(&[(3, READ, "ann"), (3, READ, "bob"), (3, BOTH, "ann")]);
    check(
        "`len()`",
        table.len(),
        2,
        "Ann joined 3 twice and has one entry there.",
    );
    check(
        "`ready(3, READ)`",
        table.ready(3, READ),
        vec!["ann", "bob"],
        "Ann's second `join` keeps the place of her first.",
    );
}

#[test]
fn joining_again_replaces_the_interest() {
    let mut table = table(&[(3, READ, "ann"), (3, WRITE, "ann")]);
    check(
        "`interest(3)`",
        table.interest(3),
        WRITE,
        "Ann joined to read, then again to write: the second interest replaces the \
         first.",
    );
    check(
        "`ready(3, READ)`",
        table.ready(3, READ),
        vec![],
        "Ann no longer waits to read.",
    );
}

#[test]
fn joining_again_replaces_the_deadline() {
    let mut table = WaitTable::new();
    table.join(3, READ, Some(20), "ann");
    table.join(3, READ, Some(50), "ann");
    check(
        "`next_deadline()`",
        table.next_deadline(),
        Some(50),
        "Ann's second `join` replaced the deadline 20 by 50.",
    );
    table.join(3, READ, None, "ann");
    check(
        "`next_deadline()`",
        table.next_deadline(),
        None,
        "Ann's third `join` has no deadline.",
    );
}

#[test]
fn leaving_removes_one_entry() {
    let mut table = table(&[(3, READ, "ann"), (4, READ, "ann"), (3, READ, "bob")]);
    table.leave(3, "ann");
    check(
        "`ready(3, READ)` after `leave(3, \"ann\")`",
        table.ready(3, READ),
        vec!["bob"],
        "Bob still waits at 3.",
    );
    check(
        "`ready(4, READ)` after `leave(3, \"ann\")`",
        table.ready(4, READ),
        vec!["ann"],
        "Ann left 3, not 4.",
    );
}

#[test]
fn leaving_keeps_the_order() {
    let mut table = table(&[(3, READ, "ann"), (3, READ, "bob"), (3, READ, "cid")]);
    table.leave(3, "ann");
    check(
        "`ready(3, READ)` after `leave(3, \"ann\")`",
        table.ready(3, READ),
        vec!["bob", "cid"],
        "Removing Ann's entry does not move the others.",
    );
}

#[test]
fn closing_wakes_every_waiter() {
    let mut table = table(&[(3, READ, "ann"), (4, READ, "cid"), (3, WRITE, "bob")]);
    check(
        "`close(3)`",
        table.close(3),
        vec!["ann", "bob"],
        "3 is closed: no event will ever wake those who wait there, to read or to write.",
    );
    check(
        "`interest(3)` after it",
        table.interest(3),
        Interest::default(),
        "Nothing waits at 3.",
    );
    check("`len()` after it", table.len(), 1, "Cid still waits at 4.");
}

#[test]
fn closing_leaves_the_other_descriptors() {
    let mut table = table(&[(3, READ, "ann"), (4, READ, "ann")]);
    table.close(3);
    check(
        "`len()` after `close(3)`",
        table.len(),
        1,
        "Ann has an entry at 4 as well, which is still open.",
    );
}

#[test]
fn the_next_deadline_is_the_earliest() {
    let mut table = deadlines(&[
        (Some(50), "ann"),
        (Some(20), "bob"),
        (None, "cid"),
        (Some(30), "dan"),
    ]);
    check(
        "`next_deadline()` of 50, 20, none and 30",
        table.next_deadline(),
        Some(20),
        "The timer has to go off for the earliest.",
    );
    table.ready(4, READ);
    check(
        "`next_deadline()` after Bob (20) was woken by an event",
        table.next_deadline(),
        Some(30),
        "Bob's deadline went with the entry.",
    );
}

#[test]
fn a_deadline_of_now_has_expired() {
    let mut table = deadlines(&[(Some(20), "ann"), (Some(21), "bob")]);
    check(
        "`expire(20)` with deadlines 20 and 21",
        table.expire(20),
        vec!["ann"],
        "A deadline expires at its time. If it expired a millisecond later, a timer \
         that is set to it would find nothing to do.",
    );
}

#[test]
fn an_entry_without_a_deadline_never_expires() {
    let mut table = deadlines(&[(None, "ann")]);
    check(
        "`expire(u64::MAX)`",
        table.expire(u64::MAX),
        vec![],
        "Ann waits without a deadline.",
    );
}

#[test]
fn the_earliest_deadline_expires_first() {
    let mut table = deadlines(&[(Some(30), "ann"), (Some(10), "bob"), (Some(20), "cid")]);
    check(
        "`expire(30)` with deadlines 30, 10 and 20",
        table.expire(30),
        vec!["bob", "cid", "ann"],
        "When the timer goes off late, several deadlines are due: the earliest comes \
         first.",
    );
}

#[test]
fn equal_deadlines_expire_in_order() {
    let mut table = deadlines(&[(Some(30), "ann"), (Some(20), "bob"), (Some(20), "cid")]);
    check(
        "`expire(30)` with deadlines 30, 20 and 20",
        table.expire(30),
        vec!["bob", "cid", "ann"],
        "Bob and Cid have the same deadline, and Bob's entry was made first.",
    );
}

#[test]
fn expire_removes_every_entry_that_is_due() {
    let mut table = deadlines(&[(Some(10), "ann"), (Some(20), "bob"), (Some(30), "cid")]);
    let mut expired = table.expire(20);
    expired.sort_unstable();
    check(
        "`expire(20)` with deadlines 10, 20 and 30, sorted",
        expired,
        vec!["ann", "bob"],
        "Both are due.",
    );
    check(
        "`len()` after it",
        table.len(),
        1,
        "The entries that have expired are removed; Cid's is not due.",
    );
}

#[test]
fn the_table_counts_its_entries() {
    let mut table = table(&[(3, READ, "ann"), (4, READ, "ann")]);
    check(
        "`len()` and `is_empty()`",
        (table.len(), table.is_empty()),
        (2, false),
        "One coroutine at two descriptors has two entries.",
    );
    table.leave(3, "ann");
    check(
        "`len()` and `is_empty()` after one `leave`",
        (table.len(), table.is_empty()),
        (1, false),
        "One entry is left.",
    );
    table.leave(4, "ann");
    check(
        "`len()` and `is_empty()` after both",
        (table.len(), table.is_empty()),
        (0, true),
        "No entry is left.",
    );
}
