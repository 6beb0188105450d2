//! What `Ring` has to do. The sections are those of chapter 12.

use std::collections::BTreeMap;

use super::subject::Ring;

/// Places that are chosen so that each rule can be seen: the text `... at N` is at `N`.
fn places(text: &str) -> u64 {
    match text {
        "ann#0" => 100,
        "bob#0" => 200,
        "bob#1" => 400,
        // Three servers with a point at one place.
        "ann#1" | "zoe#0" | "abe#0" => 300,
        "zoe#1" | "abe#1" => 500,
        _ => {
            let place = text
                .rsplit_once(" at ")
                .and_then(|(_, place)| place.parse().ok());
            place.unwrap_or_else(|| {
                panic!("yours hashes {text:?}, which is neither a key nor NAME#NUMBER. See \"Consistent hashing\".")
            })
        }
    }
}

/// FNV-1a, and a step that spreads texts that differ in their last character.
fn spread(text: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}

fn ring(servers: &[&str]) -> Ring {
    let mut ring = Ring::new(2, places);
    for server in servers {
        ring.add(server);
    }
    ring
}

#[test]
fn an_empty_ring_owns_nothing() {
    let mut empty = ring(&[]);
    let why = "a ring without servers has no owner. See \"Consistent hashing\".";
    assert_eq!(empty.owner("key at 0"), None, "{why}");
    empty.remove("ann");
    empty.add("ann");
    empty.remove("ann");
    assert_eq!(empty.owner("key at 0"), None, "{why}");
}

#[test]
fn a_key_belongs_to_the_next_point() {
    let ring = ring(&["ann", "bob"]);
    for (key, owner) in [
        ("key at 99", "ann"),
        ("key at 101", "bob"),
        ("key at 250", "ann"),
        ("key at 399", "bob"),
    ] {
        assert_eq!(
            ring.owner(key),
            Some(owner),
            "{key}: the points are ann 100, bob 200, ann 300, bob 400. See \"Consistent hashing\"."
        );
    }
}

#[test]
fn a_point_at_the_keys_own_place_counts() {
    let ring = ring(&["ann", "bob"]);
    for (key, owner) in [
        ("key at 100", "ann"),
        ("key at 200", "bob"),
        ("key at 400", "bob"),
    ] {
        assert_eq!(
            ring.owner(key),
            Some(owner),
            "{key}: there is a point just there. See \"Consistent hashing\"."
        );
    }
}

#[test]
fn after_the_last_point_the_ring_starts_again() {
    let ring = ring(&["ann", "bob"]);
    for key in ["key at 401", "key at 18446744073709551615"] {
        assert_eq!(
            ring.owner(key),
            Some("ann"),
            "{key} is after the last point, 400, so the first counts, 100. See \"Consistent hashing\"."
        );
    }
}

#[test]
fn at_the_same_place_the_name_that_sorts_first_counts() {
    for order in [["ann", "zoe"], ["zoe", "ann"]] {
        assert_eq!(
            ring(&order).owner("key at 300"),
            Some("ann"),
            "ann and zoe have a point at 300, and were added in the order {order:?}. See \"Consistent hashing\"."
        );
    }
    for order in [["ann", "abe"], ["abe", "ann"]] {
        assert_eq!(
            ring(&order).owner("key at 300"),
            Some("abe"),
            "abe and ann have a point at 300, and were added in the order {order:?}. See \"Consistent hashing\"."
        );
    }
}

#[test]
fn a_shared_place_is_the_others_when_one_goes() {
    for order in [["ann", "zoe", "bob"], ["zoe", "bob", "ann"]] {
        let mut ring = ring(&order);
        ring.remove("ann");
        assert_eq!(
            ring.owner("key at 300"),
            Some("zoe"),
            "ann has gone, and zoe has a point at 300, too. See \"Consistent hashing\"."
        );
    }
    let mut ring = ring(&["ann", "zoe", "bob"]);
    ring.remove("zoe");
    assert_eq!(
        ring.owner("key at 300"),
        Some("ann"),
        "zoe has gone, and ann still has her point. See \"Consistent hashing\"."
    );
}

#[test]
fn a_server_that_goes_goes_with_all_its_points() {
    let mut ring = ring(&["ann", "bob"]);
    ring.remove("bob");
    for key in ["key at 150", "key at 350", "key at 450"] {
        assert_eq!(
            ring.owner(key),
            Some("ann"),
            "{key}: bob has gone, and only ann is left. See \"Consistent hashing\"."
        );
    }
    ring.remove("nobody");
    assert_eq!(
        ring.owner("key at 0"),
        Some("ann"),
        "to remove a server that is not there changes nothing. See \"Consistent hashing\"."
    );
}

#[test]
fn a_server_that_is_added_twice_is_there_once() {
    let mut ring = ring(&["ann", "bob", "bob"]);
    ring.remove("bob");
    assert_eq!(
        ring.owner("key at 150"),
        Some("ann"),
        "bob was added twice and removed once, and is gone. See \"Consistent hashing\"."
    );
}

#[test]
fn a_server_can_have_one_point_or_none() {
    let mut one = Ring::new(1, places);
    one.add("ann");
    one.add("bob");
    assert_eq!(
        one.owner("key at 250"),
        Some("ann"),
        "with 1 point each, they are at 100 and 200, and the key is after both. See \"Consistent hashing\"."
    );
    let mut none = Ring::new(0, places);
    none.add("ann");
    assert_eq!(
        none.owner("key at 250"),
        None,
        "with 0 points a server owns nothing. See \"Consistent hashing\"."
    );
}

fn owners(ring: &Ring) -> BTreeMap<String, String> {
    let keys = (0..1_000).map(|number| format!("session {number}"));
    keys.map(|key| {
        let owner = ring.owner(&key).unwrap_or("nobody").to_owned();
        (key, owner)
    })
    .collect()
}

#[test]
fn only_the_sessions_of_a_server_that_goes_move() {
    let mut ring = Ring::new(100, spread);
    for server in ["ann", "bob", "cat"] {
        ring.add(server);
    }
    let before = owners(&ring);
    for server in ["ann", "bob", "cat"] {
        let count = before.values().filter(|owner| *owner == server).count();
        assert!(
            (200..=470).contains(&count),
            "{server} has {count} of 1,000 sessions; with 100 points each it is about a third. See \"Consistent hashing\"."
        );
    }
    ring.remove("bob");
    for (key, owner) in &owners(&ring) {
        let was = &before[key];
        assert!(
            was == "bob" || was == owner,
            "{key} moved from {was} to {owner} when bob went. See \"Consistent hashing\"."
        );
    }
    ring.add("bob");
    assert_eq!(
        owners(&ring),
        before,
        "bob is back, and so are his sessions. See \"Consistent hashing\"."
    );
}
