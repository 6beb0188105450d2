//! What `Rooms` has to do. The sections are those of chapter 10.

use std::collections::BTreeSet;

use super::subject::Rooms;

/// Ann (1) is in `tea`, Bob (2) in `tea` and `cake`, Cid (3) in `cake`, Dee (4) in none.
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
fn a_broadcast_without_rooms_reaches_all() {
    let rooms = rooms();
    assert_eq!(
        rooms.receivers(None, &[], &[]),
        set([1, 2, 3, 4]),
        "an empty `to` means all sockets. See \"Rooms\"."
    );
    assert_eq!(
        rooms.receivers(Some(1), &[], &[]),
        set([2, 3, 4]),
        "all sockets but the sender, Ann (1). See \"Rooms\"."
    );
}

#[test]
fn a_broadcast_reaches_the_members_of_a_room() {
    let rooms = rooms();
    assert_eq!(
        rooms.receivers(None, &["tea"], &[]),
        set([1, 2]),
        "Ann (1) and Bob (2) are in tea. See \"Rooms\"."
    );
    assert_eq!(
        rooms.receivers(Some(1), &["tea"], &[]),
        set([2]),
        "Ann (1) sends it, so only Bob (2) receives it. See \"Rooms\"."
    );
    assert_eq!(
        rooms.receivers(Some(4), &["tea"], &[]),
        set([1, 2]),
        "Dee (4) may send to a room without being in it. See \"Rooms\"."
    );
}

#[test]
fn a_member_of_two_rooms_receives_it_once() {
    let receivers = rooms().receivers(None, &["tea", "cake"], &[]);
    assert_eq!(
        receivers,
        set([1, 2, 3]),
        "the members of either room; Bob (2) is in both, and receives it once. See \"Rooms\"."
    );
}

#[test]
fn except_leaves_a_room_out() {
    let rooms = rooms();
    assert_eq!(
        rooms.receivers(None, &["tea"], &["cake"]),
        set([1]),
        "Bob (2) is in cake too, which is excepted. See \"Rooms\"."
    );
    assert_eq!(
        rooms.receivers(None, &[], &["tea"]),
        set([3, 4]),
        "all sockets but those in tea. See \"Rooms\"."
    );
    assert_eq!(
        rooms.receivers(None, &[], &["tea", "cake"]),
        set([4]),
        "all sockets but those in tea or cake. See \"Rooms\"."
    );
}

#[test]
fn a_room_that_does_not_exist_has_no_members() {
    let rooms = rooms();
    assert_eq!(
        rooms.receivers(None, &["pie"], &[]),
        set([]),
        "no socket is in pie; that is not the same as an empty `to`. See \"Rooms\"."
    );
    assert_eq!(
        rooms.receivers(None, &["tea"], &["pie"]),
        set([1, 2]),
        "no socket is in pie, so none is left out. See \"Rooms\"."
    );
}

#[test]
fn leaving_a_room_leaves_only_that_room() {
    let mut rooms = rooms();
    rooms.leave(2, "tea");
    assert_eq!(
        rooms.receivers(None, &["tea"], &[]),
        set([1]),
        "Bob (2) left tea. See \"Rooms\"."
    );
    assert_eq!(
        rooms.receivers(None, &["cake"], &[]),
        set([2, 3]),
        "Bob (2) is still in cake. See \"Rooms\"."
    );
    rooms.leave(4, "tea");
    rooms.leave(4, "pie");
    assert_eq!(
        rooms.receivers(None, &[], &[]),
        set([1, 2, 3, 4]),
        "no socket has disconnected. See \"Rooms\"."
    );
}

#[test]
fn a_socket_that_disconnects_is_in_no_room() {
    let mut rooms = rooms();
    rooms.disconnect(2);
    assert_eq!(
        rooms.receivers(None, &["tea", "cake"], &[]),
        set([1, 3]),
        "Bob (2) has disconnected. See \"Rooms\"."
    );
    assert_eq!(
        rooms.receivers(None, &[], &[]),
        set([1, 3, 4]),
        "a socket that has disconnected receives nothing. See \"Rooms\"."
    );
    rooms.join(2, "tea");
    assert_eq!(
        rooms.receivers(None, &["tea"], &[]),
        set([1]),
        "Bob (2) is not connected, so he joins nothing. See \"Rooms\"."
    );
}

#[test]
fn an_empty_room_does_not_exist() {
    let mut rooms = rooms();
    assert_eq!(rooms.count(), 2, "tea and cake exist. See \"Rooms\".");
    rooms.leave(1, "tea");
    rooms.leave(2, "tea");
    assert_eq!(
        rooms.count(),
        1,
        "tea is empty now. A server that keeps empty rooms grows forever. See \"Rooms\"."
    );
    rooms.disconnect(2);
    rooms.disconnect(3);
    assert_eq!(
        rooms.count(),
        0,
        "cake is empty too, after a disconnect. See \"Rooms\"."
    );
    rooms.join(9, "pie");
    assert_eq!(
        rooms.count(),
        0,
        "socket 9 is not connected, so it has joined nothing. See \"Rooms\"."
    );
}

#[test]
fn joining_twice_is_joining_once() {
    let mut rooms = rooms();
    rooms.join(1, "tea");
    rooms.leave(1, "tea");
    assert_eq!(
        rooms.receivers(None, &["tea"], &[]),
        set([2]),
        "Ann (1) has left, even though she joined twice. See \"Rooms\"."
    );
}

#[test]
fn names_of_rooms_are_case_sensitive() {
    let mut rooms = rooms();
    rooms.join(4, "Tea");
    assert_eq!(
        rooms.receivers(None, &["tea"], &[]),
        set([1, 2]),
        "Dee (4) is in Tea, which is another room. See \"Rooms\"."
    );
}

#[test]
fn a_socket_that_connects_again_is_in_no_room() {
    let mut rooms = rooms();
    rooms.disconnect(2);
    rooms.connect(2);
    assert_eq!(
        rooms.receivers(None, &["tea", "cake"], &[]),
        set([1, 3]),
        "Bob (2) is connected again, and has joined nothing yet. See \"Rooms\"."
    );
}

#[test]
fn every_number_is_a_socket() {
    let mut rooms = Rooms::new();
    for socket in [0, 1, u64::MAX] {
        rooms.connect(socket);
        rooms.join(socket, "tea");
    }
    assert_eq!(
        rooms.receivers(None, &["tea"], &[]),
        set([0, 1, u64::MAX]),
        "the server sends this, so no socket is left out. See \"Rooms\"."
    );
}
