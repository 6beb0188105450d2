//! What `Rooms` has to do. Sections are those of chapter 10.

use std::collections::BTreeSet;

use crate::subject::Rooms;

/// Ann (1) has tea, Bob (2) tea and cake, Cid (3) cake, and Dee (4) nothing.
fn rooms() -> Rooms {
    let mut rooms = Rooms::new();
    for socket in 1..=4 {
        rooms.connect(socket);
    }
    for (socket, room) in [(1, "tea"), (2, "tea"), (2, "cake"), (3, "cake")] {
        rooms.join(socket, room);
    }
    rooms
}

fn set<const N: usize>(sockets: [u64; N]) -> BTreeSet<u64> {
    BTreeSet::from(sockets)
}

#[test]
fn without_a_room_all_receive() {
    let rooms = rooms();
    assert_eq!(
        rooms.receivers(None, &[], &[]),
        set([1, 2, 3, 4]),
        "no room means everybody. See \"Rooms\"."
    );
    assert_eq!(
        rooms.receivers(Some(1), &[], &[]),
        set([2, 3, 4]),
        "but not who sends it. See \"Rooms\"."
    );
}

#[test]
fn a_room_is_who_joined_it() {
    let rooms = rooms();
    assert_eq!(
        rooms.receivers(None, &["tea"], &[]),
        set([1, 2]),
        "Ann and Bob have tea. See \"Rooms\"."
    );
    assert_eq!(
        rooms.receivers(Some(1), &["tea"], &[]),
        set([2]),
        "Ann knows what she says. See \"Rooms\"."
    );
    assert_eq!(
        rooms.receivers(Some(4), &["tea"], &[]),
        set([1, 2]),
        "Dee may send to a room from outside. See \"Rooms\"."
    );
}

#[test]
fn two_rooms_are_all_of_both_once() {
    let receivers = rooms().receivers(None, &["tea", "cake"], &[]);
    assert_eq!(
        receivers,
        set([1, 2, 3]),
        "those in any of them, Bob once. See \"Rooms\"."
    );
}

#[test]
fn except_leaves_a_room_out() {
    let rooms = rooms();
    assert_eq!(
        rooms.receivers(None, &["tea"], &["cake"]),
        set([1]),
        "Bob is in both. See \"Rooms\"."
    );
    assert_eq!(
        rooms.receivers(None, &[], &["tea"]),
        set([3, 4]),
        "all but those with tea. See \"Rooms\"."
    );
    assert_eq!(
        rooms.receivers(None, &[], &["tea", "cake"]),
        set([4]),
        "all but those in any of them. See \"Rooms\"."
    );
}

#[test]
fn a_room_that_is_not_there_has_nobody() {
    let rooms = rooms();
    assert_eq!(
        rooms.receivers(None, &["pie"], &[]),
        set([]),
        "nobody, and not everybody. See \"Rooms\"."
    );
    assert_eq!(
        rooms.receivers(None, &["tea"], &["pie"]),
        set([1, 2]),
        "there is nobody to leave out. See \"Rooms\"."
    );
}

#[test]
fn who_leaves_a_room_stays_in_the_others() {
    let mut rooms = rooms();
    rooms.leave(2, "tea");
    assert_eq!(
        rooms.receivers(None, &["tea"], &[]),
        set([1]),
        "Bob left. See \"Rooms\"."
    );
    assert_eq!(
        rooms.receivers(None, &["cake"], &[]),
        set([2, 3]),
        "he still has cake. See \"Rooms\"."
    );
    rooms.leave(4, "tea");
    rooms.leave(4, "pie");
    assert_eq!(
        rooms.receivers(None, &[], &[]),
        set([1, 2, 3, 4]),
        "nobody has gone. See \"Rooms\"."
    );
}

#[test]
fn who_goes_is_nowhere() {
    let mut rooms = rooms();
    rooms.disconnect(2);
    assert_eq!(
        rooms.receivers(None, &["tea", "cake"], &[]),
        set([1, 3]),
        "Bob has gone. See \"Rooms\"."
    );
    assert_eq!(
        rooms.receivers(None, &[], &[]),
        set([1, 3, 4]),
        "from everywhere. See \"Rooms\"."
    );
    rooms.join(2, "tea");
    assert_eq!(
        rooms.receivers(None, &["tea"], &[]),
        set([1]),
        "who is not connected joins nothing. See \"Rooms\"."
    );
}

#[test]
fn an_empty_room_is_no_room() {
    let mut rooms = rooms();
    assert_eq!(rooms.count(), 2, "tea and cake. See \"Rooms\".");
    rooms.leave(1, "tea");
    rooms.leave(2, "tea");
    assert_eq!(
        rooms.count(),
        1,
        "a server that keeps empty rooms grows for ever. See \"Rooms\"."
    );
    rooms.disconnect(2);
    rooms.disconnect(3);
    assert_eq!(
        rooms.count(),
        0,
        "the last one out closes it, however they go. See \"Rooms\"."
    );
    rooms.join(9, "pie");
    assert_eq!(rooms.count(), 0, "nobody has joined it. See \"Rooms\".");
}

#[test]
fn joining_twice_is_as_once() {
    let mut rooms = rooms();
    rooms.join(1, "tea");
    rooms.leave(1, "tea");
    assert_eq!(
        rooms.receivers(None, &["tea"], &[]),
        set([2]),
        "once out is out. See \"Rooms\"."
    );
}
