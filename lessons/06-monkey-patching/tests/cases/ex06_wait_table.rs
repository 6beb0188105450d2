//! What the table has to do, each rule in one case. Sections are those of chapter 6.

use crate::subject::{Interest, WaitTable};

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

/// A table of coroutines by their names.
fn table(entries: &[(i32, Interest, &'static str)]) -> WaitTable<&'static str> {
    let mut table = WaitTable::new();
    for &(fd, interest, who) in entries {
        table.join(fd, interest, who);
    }
    table
}

#[test]
fn those_who_came_first_are_woken_first() {
    let mut table = table(&[(3, READ, "ann"), (3, READ, "bob"), (3, READ, "cy")]);
    assert_eq!(
        table.ready(3, READ).first(),
        Some(&"ann"),
        "Ann came first, and is woken first. See \"The hub\"."
    );
}

#[test]
fn all_who_wait_for_it_are_woken() {
    let mut table = table(&[(3, READ, "ann"), (3, READ, "bob")]);
    let mut woken = table.ready(3, READ);
    woken.sort_unstable();
    assert_eq!(
        woken,
        ["ann", "bob"],
        "One event may be data for both, and nobody can know that beforehand: wake all. See \"The hub\"."
    );
    assert_eq!(
        table.ready(3, READ),
        [""; 0],
        "Whoever was woken does not wait any more. See \"The hub\"."
    );
}

#[test]
fn who_waits_for_something_else_stays() {
    let mut table = table(&[(3, READ, "ann"), (3, WRITE, "bob")]);
    assert_eq!(
        table.ready(3, WRITE),
        ["bob"],
        "Only Bob waits to write. See \"The hub\"."
    );
    assert_eq!(
        table.ready(3, READ),
        ["ann"],
        "Ann still waits to read. See \"The hub\"."
    );
}

#[test]
fn one_of_two_wishes_is_enough() {
    for come in [READ, WRITE, BOTH] {
        let mut table = table(&[(3, BOTH, "ann")]);
        assert_eq!(
            table.ready(3, come),
            ["ann"],
            "Ann waits for either, and {come:?} has come. See \"The hub\"."
        );
    }
    let mut table = table(&[(3, READ, "ann")]);
    assert_eq!(
        table.ready(3, Interest::default()),
        [""; 0],
        "Nothing has come, so nobody is woken. See \"The hub\"."
    );
}

#[test]
fn the_kernel_is_asked_for_what_anybody_wants() {
    let table = table(&[
        (3, READ, "ann"),
        (3, WRITE, "bob"),
        (3, READ, "cy"),
        (4, WRITE, "ann"),
    ]);
    let asked = [3, 4, 5].map(|fd| table.interest(fd));
    assert_eq!(
        asked,
        [BOTH, WRITE, Interest::default()],
        "What to ask for at 3, 4 and 5: all that somebody wants there, and nothing else. See \"The hub\"."
    );
}

#[test]
fn descriptors_do_not_know_each_other() {
    let mut table = table(&[(3, READ, "ann"), (4, READ, "bob"), (5, READ, "cy")]);
    assert_eq!(
        table.ready(4, READ),
        ["bob"],
        "Only Bob waits at 4. See \"The hub\"."
    );
    assert_eq!(
        table.len(),
        2,
        "Ann and Cy still wait, at 3 and at 5. See \"The hub\"."
    );
}

#[test]
fn who_joins_again_keeps_one_place() {
    let mut table = table(&[(3, READ, "ann"), (3, READ, "bob"), (3, BOTH, "ann")]);
    assert_eq!(
        (table.len(), table.interest(3)),
        (2, BOTH),
        "Ann changed what she waits for; she has one place (left: places, all wishes). See \"The hub\"."
    );
    assert_eq!(
        table.ready(3, READ),
        ["ann", "bob"],
        "Ann changed what she waits for, not her place in the row. See \"The hub\"."
    );
}

#[test]
fn who_leaves_one_still_waits_at_another() {
    let mut table = table(&[(3, READ, "ann"), (4, READ, "ann"), (3, READ, "bob")]);
    table.leave(3, "ann");
    assert_eq!(
        (table.ready(3, READ), table.ready(4, READ)),
        (vec!["bob"], vec!["ann"]),
        "Ann has left 3 only, and Bob has not moved (left: who is woken at 3 and at 4). See \"The hub\"."
    );
}

#[test]
fn a_closed_descriptor_wakes_all() {
    let mut table = table(&[(3, READ, "ann"), (4, READ, "cy"), (3, WRITE, "bob")]);
    assert_eq!(
        table.close(3),
        ["ann", "bob"],
        "3 is gone: whoever waits there waits in vain, to read or to write. See \"The hub\"."
    );
    assert_eq!(
        (table.interest(3), table.len()),
        (Interest::default(), 1),
        "Nothing is left at 3, and Cy still waits at 4 (left: wishes at 3, places). See \"The hub\"."
    );
}

#[test]
fn the_table_counts_its_places() {
    let mut table = table(&[(3, READ, "ann"), (4, READ, "ann")]);
    assert_eq!(
        (table.len(), table.is_empty()),
        (2, false),
        "One coroutine at two descriptors has two places. See \"The hub\"."
    );
    table.leave(3, "ann");
    assert_eq!(
        (table.len(), table.is_empty()),
        (1, false),
        "One place is still taken. See \"The hub\"."
    );
    table.leave(4, "ann");
    assert_eq!(
        (table.len(), table.is_empty()),
        (0, true),
        "Everybody has gone. See \"The hub\"."
    );
}
