//! What `Presence` has to do. The sections are those of chapter 12.

use std::time::Duration;

use super::subject::Presence;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A table in which a server lives for 10 seconds.
fn table() -> Presence {
    Presence::new(at(10))
}

#[test]
fn users_are_sorted_and_each_is_there_once() {
    let mut table = table();
    table.join(at(0), "one", "bob");
    table.join(at(0), "two", "ann");
    table.join(at(0), "two", "bob");
    assert_eq!(
        table.users(at(1)),
        ["ann", "bob"],
        "bob is at two servers, and one person. See \"Presence\"."
    );
}

#[test]
fn a_user_is_there_until_the_last_tab_is_closed() {
    let mut table = table();
    table.join(at(0), "one", "ann");
    table.join(at(0), "one", "ann");
    table.leave(at(1), "one", "ann");
    assert_eq!(
        table.users(at(1)),
        ["ann"],
        "ann joined twice and left once. See \"Presence\"."
    );
    table.leave(at(2), "one", "ann");
    assert_eq!(
        table.users(at(2)),
        [""; 0],
        "ann left as often as she joined. See \"Presence\"."
    );
}

#[test]
fn a_leave_belongs_to_its_server() {
    let mut table = table();
    table.join(at(0), "one", "ann");
    table.join(at(0), "two", "ann");
    table.leave(at(1), "one", "ann");
    assert_eq!(
        table.users(at(1)),
        ["ann"],
        "ann is still at server two. See \"Presence\"."
    );
}

#[test]
fn a_leave_without_a_join_changes_nothing() {
    let mut table = table();
    table.leave(at(0), "one", "ann");
    table.join(at(1), "one", "bob");
    table.leave(at(2), "one", "ann");
    assert_eq!(
        table.users(at(2)),
        ["bob"],
        "ann was never there. See \"Presence\"."
    );
    table.join(at(3), "one", "ann");
    assert_eq!(
        table.users(at(3)),
        ["ann", "bob"],
        "ann has joined now, and earlier leaves do not count against it. See \"Presence\"."
    );
}

#[test]
fn a_server_lives_for_its_ttl_and_not_longer() {
    let mut table = table();
    table.join(at(5), "one", "ann");
    assert_eq!(
        table.users(at(14)),
        ["ann"],
        "the server was heard 9 seconds ago, and lives for 10. See \"Presence\"."
    );
    assert_eq!(
        table.users(at(15)),
        [""; 0],
        "the server was heard 10 seconds ago, and is dead from that moment on. See \"Presence\"."
    );
}

#[test]
fn whatever_is_heard_keeps_a_server_alive() {
    let mut table = table();
    table.join(at(0), "one", "ann");
    table.heartbeat(at(9), "one");
    assert_eq!(
        table.users(at(18)),
        ["ann"],
        "there was a heartbeat at 9 s. See \"Presence\"."
    );
    table.join(at(18), "one", "bob");
    assert_eq!(
        table.users(at(27)),
        ["ann", "bob"],
        "there was a join at 18 s. See \"Presence\"."
    );
    table.leave(at(27), "one", "bob");
    assert_eq!(
        table.users(at(36)),
        ["ann"],
        "there was a leave at 27 s. See \"Presence\"."
    );
    table.leave(at(36), "one", "nobody");
    assert_eq!(
        table.users(at(45)),
        ["ann"],
        "a leave without a join, at 36 s, is heard, too. See \"Presence\"."
    );
}

#[test]
fn the_users_of_a_dead_server_are_gone() {
    let mut table = table();
    table.join(at(0), "one", "bob");
    table.join(at(0), "one", "ann");
    table.join(at(0), "one", "ann");
    table.join(at(5), "two", "cat");
    assert_eq!(
        table.expire(at(9)),
        [""; 0],
        "both servers are alive. See \"Presence\"."
    );
    assert_eq!(
        table.expire(at(10)),
        ["ann", "bob"],
        "server one is dead, and these were its users. See \"Presence\"."
    );
    assert_eq!(
        table.expire(at(10)),
        [""; 0],
        "they are gone already. See \"Presence\"."
    );
    assert_eq!(
        table.users(at(10)),
        ["cat"],
        "server two is alive. See \"Presence\"."
    );
}

#[test]
fn a_user_who_is_also_elsewhere_is_not_gone() {
    let mut table = table();
    table.join(at(0), "one", "ann");
    table.join(at(5), "two", "ann");
    assert_eq!(
        table.expire(at(10)),
        [""; 0],
        "ann is at server two, too. See \"Presence\"."
    );
    assert_eq!(
        table.expire(at(15)),
        ["ann"],
        "server two is dead as well. See \"Presence\"."
    );
}

#[test]
fn servers_that_die_together_give_up_a_user_once() {
    let mut table = table();
    table.join(at(0), "one", "ann");
    table.join(at(5), "two", "ann");
    assert_eq!(
        table.expire(at(20)),
        ["ann"],
        "ann was at both servers, and both are dead. See \"Presence\"."
    );
}

#[test]
fn a_server_that_comes_back_starts_without_users() {
    let mut expired = table();
    expired.join(at(0), "one", "ann");
    expired.expire(at(10));
    expired.heartbeat(at(11), "one");
    assert_eq!(
        expired.users(at(11)),
        [""; 0],
        "the server died at 10 s, and `expire` was called. See \"Presence\"."
    );
    let mut forgotten = table();
    forgotten.join(at(0), "one", "ann");
    forgotten.heartbeat(at(10), "one");
    assert_eq!(
        forgotten.users(at(11)),
        [""; 0],
        "the server was dead at 10 s, also if nobody called `expire`. See \"Presence\"."
    );
    forgotten.join(at(30), "one", "bob");
    assert_eq!(
        forgotten.users(at(30)),
        ["bob"],
        "the server has died twice, and bob joined after it. See \"Presence\"."
    );
}

#[test]
fn the_deadline_is_that_of_the_server_that_dies_next() {
    let mut table = table();
    assert_eq!(
        table.deadline(),
        None,
        "there is no server. See \"Presence\"."
    );
    table.heartbeat(at(3), "one");
    table.join(at(1), "two", "ann");
    assert_eq!(
        table.deadline(),
        Some(at(11)),
        "server two dies at 11 s. See \"Presence\"."
    );
    table.heartbeat(at(8), "two");
    assert_eq!(
        table.deadline(),
        Some(at(13)),
        "server two was renewed, and server one dies at 13 s. See \"Presence\"."
    );
    table.expire(at(13));
    assert_eq!(
        table.deadline(),
        Some(at(18)),
        "only server two is left. See \"Presence\"."
    );
    table.expire(at(18));
    assert_eq!(
        table.deadline(),
        None,
        "no server is left. See \"Presence\"."
    );
}
