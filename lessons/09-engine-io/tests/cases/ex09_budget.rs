//! What an `Outbound` has to do. Sections are those of chapter 9.

use crate::subject::{Outbound, SlowReader};

fn bytes(count: usize) -> Vec<u8> {
    vec![7; count]
}

#[test]
fn messages_come_out_in_order() {
    let mut outbound = Outbound::new(100);
    for message in ["one", "two", "three"] {
        outbound.push(message.into()).expect("there is room");
    }
    let taken = outbound.take(100);
    assert_eq!(
        taken,
        [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()],
        "first in, first out. See \"A slow reader\"."
    );
    assert!(
        outbound.take(100).is_empty(),
        "each message goes once. See \"A slow reader\"."
    );
}

#[test]
fn one_write_takes_as_many_as_fit() {
    let mut outbound = Outbound::new(1000);
    for _ in 0..4 {
        outbound.push(bytes(10)).expect("there is room");
    }
    assert_eq!(
        outbound.take(30).len(),
        3,
        "three messages of 10 fit into 30 bytes. See \"A slow reader\"."
    );
    outbound.push(bytes(50)).expect("there is room");
    assert_eq!(
        outbound.take(30),
        [bytes(10)],
        "the next one of 50 does not fit behind it. See \"A slow reader\"."
    );
    assert_eq!(
        outbound.take(30),
        [bytes(50)],
        "but at least one goes, else it waits for ever. See \"A slow reader\"."
    );
}

#[test]
fn the_budget_is_what_may_wait() {
    let mut outbound = Outbound::new(100);
    outbound.push(bytes(60)).expect("60 of 100");
    let exactly = outbound.push(bytes(40));
    assert_eq!(
        exactly,
        Ok(false),
        "100 of 100 are allowed. See \"A slow reader\"."
    );
    assert_eq!(
        outbound.push(bytes(1)),
        Err(SlowReader),
        "101 are not. See \"A slow reader\"."
    );
}

#[test]
fn what_is_under_way_counts_until_it_is_written() {
    let mut outbound = Outbound::new(100);
    outbound.push(bytes(100)).expect("there is room");
    outbound.take(100);
    assert_eq!(
        outbound.outstanding(),
        100,
        "taken is not sent: it is still in our memory. See \"A slow reader\"."
    );
    outbound.written(30);
    assert_eq!(
        outbound.outstanding(),
        70,
        "30 bytes are gone. See \"A slow reader\"."
    );
    outbound.push(bytes(30)).expect("there is room for just 30");
    assert_eq!(
        outbound.push(bytes(1)),
        Err(SlowReader),
        "and no more. See \"A slow reader\"."
    );
}

#[test]
fn a_slow_reader_costs_nothing_from_then_on() {
    let mut outbound = Outbound::new(10);
    outbound.push(bytes(8)).expect("there is room");
    outbound.push(bytes(8)).expect_err("there is none");
    assert_eq!(
        outbound.outstanding(),
        0,
        "what waited is freed. See \"A slow reader\"."
    );
    assert!(
        outbound.take(100).is_empty(),
        "nothing is left to send. See \"A slow reader\"."
    );
    assert_eq!(
        outbound.push(bytes(1)),
        Err(SlowReader),
        "it stays closed. See \"A slow reader\"."
    );
}

#[test]
fn what_is_under_way_is_not_freed_twice() {
    let mut outbound = Outbound::new(10);
    outbound.push(bytes(4)).expect("there is room");
    outbound.take(100);
    outbound.push(bytes(4)).expect("there is room");
    outbound.push(bytes(4)).expect_err("there is none");
    assert_eq!(
        outbound.outstanding(),
        4,
        "the writer still has these. See \"A slow reader\"."
    );
    outbound.written(4);
    assert_eq!(
        outbound.outstanding(),
        0,
        "now they are gone. See \"A slow reader\"."
    );
}

#[test]
fn a_long_message_goes_when_nothing_is_in_its_way() {
    let mut outbound = Outbound::new(10);
    let long = outbound.push(bytes(50));
    assert_eq!(
        long,
        Ok(true),
        "it could never be sent otherwise. See \"A slow reader\"."
    );
    assert_eq!(
        outbound.push(bytes(1)),
        Err(SlowReader),
        "but nothing more behind it. See \"A slow reader\"."
    );
}

#[test]
fn the_writer_is_woken_when_it_slept() {
    let mut outbound = Outbound::new(100);
    assert_eq!(
        outbound.push(bytes(1)),
        Ok(true),
        "nothing was there: wake it. See \"A slow reader\"."
    );
    assert_eq!(
        outbound.push(bytes(1)),
        Ok(false),
        "it is awake. See \"A slow reader\"."
    );
    outbound.take(100);
    assert_eq!(
        outbound.push(bytes(1)),
        Ok(false),
        "it is writing, and will look again. See \"A slow reader\"."
    );
    outbound.written(2);
    outbound.take(100);
    outbound.written(1);
    assert_eq!(
        outbound.push(bytes(1)),
        Ok(true),
        "all was written, so it sleeps. See \"A slow reader\"."
    );
}
