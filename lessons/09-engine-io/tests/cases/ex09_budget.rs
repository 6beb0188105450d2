//! What an `Outbound` has to do. The sections are those of chapter 9.

use super::subject::{Outbound, SlowReader};

fn bytes(count: usize) -> Vec<u8> {
    vec![7; count]
}

#[test]
fn messages_keep_their_order() {
    let mut outbound = Outbound::new(100);
    for message in ["one", "two", "three"] {
        outbound.push(message.into()).expect("there is room");
    }
    let taken = outbound.take(100);
    assert_eq!(
        taken,
        [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()],
        "messages are taken in the order in which they were pushed. See \"Slow readers and back-pressure\"."
    );
    assert!(
        outbound.take(100).is_empty(),
        "each message is taken once. See \"Slow readers and back-pressure\"."
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
        "three messages of 10 fit into 30 bytes. See \"Slow readers and back-pressure\"."
    );
    outbound.push(bytes(50)).expect("there is room");
    assert_eq!(
        outbound.take(30),
        [bytes(10)],
        "the message of 50 bytes does not fit after the one of 10. See \"Slow readers and back-pressure\"."
    );
    assert_eq!(
        outbound.take(30),
        [bytes(50)],
        "at least one message is taken; otherwise a long one would wait forever. See \"Slow readers and back-pressure\"."
    );
}

#[test]
fn the_budget_is_exact() {
    let mut outbound = Outbound::new(100);
    outbound.push(bytes(60)).expect("60 of 100");
    let exactly = outbound.push(bytes(40));
    assert_eq!(
        exactly,
        Ok(false),
        "60 + 40 bytes fill the budget of 100 exactly: the message is accepted (Ok), and the writer is awake already (false). See \"Slow readers and back-pressure\"."
    );
    assert_eq!(
        outbound.push(bytes(1)),
        Err(SlowReader),
        "101 bytes are more than the budget. See \"Slow readers and back-pressure\"."
    );
}

#[test]
fn bytes_in_flight_count_until_they_are_written() {
    let mut outbound = Outbound::new(100);
    outbound.push(bytes(100)).expect("there is room");
    outbound.take(100);
    assert_eq!(
        outbound.outstanding(),
        100,
        "a message that was taken is not yet written: it is still in our memory. See \"Slow readers and back-pressure\"."
    );
    outbound.written(30);
    assert_eq!(
        outbound.outstanding(),
        70,
        "30 of 100 bytes have been written. See \"Slow readers and back-pressure\"."
    );
    outbound.push(bytes(30)).expect("there is room for just 30");
    assert_eq!(
        outbound.push(bytes(1)),
        Err(SlowReader),
        "the budget is full again. See \"Slow readers and back-pressure\"."
    );
}

#[test]
fn after_the_end_nothing_is_queued() {
    let mut outbound = Outbound::new(10);
    outbound.push(bytes(8)).expect("there is room");
    outbound.push(bytes(8)).expect_err("there is none");
    assert_eq!(
        outbound.outstanding(),
        0,
        "the queue has to be dropped. See \"Slow readers and back-pressure\"."
    );
    assert!(
        outbound.take(100).is_empty(),
        "the queue was dropped, so nothing is left to take. See \"Slow readers and back-pressure\"."
    );
    assert_eq!(
        outbound.push(bytes(1)),
        Err(SlowReader),
        "the client was too slow once, and its connection is being closed. See \"Slow readers and back-pressure\"."
    );
}

#[test]
fn bytes_in_flight_stay_counted_after_the_end() {
    let mut outbound = Outbound::new(10);
    outbound.push(bytes(4)).expect("there is room");
    outbound.take(100);
    outbound.push(bytes(4)).expect("there is room");
    outbound.push(bytes(4)).expect_err("there is none");
    assert_eq!(
        outbound.outstanding(),
        4,
        "the queue is dropped, but these 4 bytes are in flight. See \"Slow readers and back-pressure\"."
    );
    outbound.written(4);
    assert_eq!(
        outbound.outstanding(),
        0,
        "the bytes in flight have been written. See \"Slow readers and back-pressure\"."
    );
}

#[test]
fn a_long_message_is_accepted_by_an_idle_queue() {
    let mut outbound = Outbound::new(10);
    let long = outbound.push(bytes(50));
    assert_eq!(
        long,
        Ok(true),
        "nothing is queued or in flight: refused now, the message could never be sent. See \"Slow readers and back-pressure\"."
    );
    assert_eq!(
        outbound.push(bytes(1)),
        Err(SlowReader),
        "50 bytes are queued, the budget is 10. See \"Slow readers and back-pressure\"."
    );
}

#[test]
fn the_writer_is_woken_only_when_idle() {
    let mut outbound = Outbound::new(100);
    assert_eq!(
        outbound.push(bytes(1)),
        Ok(true),
        "nothing was queued or in flight, so the writer sleeps: wake it. See \"Slow readers and back-pressure\"."
    );
    assert_eq!(
        outbound.push(bytes(1)),
        Ok(false),
        "the writer was woken before. See \"Slow readers and back-pressure\"."
    );
    outbound.take(100);
    assert_eq!(
        outbound.push(bytes(1)),
        Ok(false),
        "bytes are in flight: the writer is busy, and looks at the queue again afterwards. See \"Slow readers and back-pressure\"."
    );
    outbound.written(2);
    outbound.take(100);
    outbound.written(1);
    assert_eq!(
        outbound.push(bytes(1)),
        Ok(true),
        "everything was written, so the writer sleeps: wake it. See \"Slow readers and back-pressure\"."
    );
}

#[test]
fn take_never_skips_a_message() {
    let mut outbound = Outbound::new(1000);
    for len in [3, 9, 2] {
        outbound.push(bytes(len)).expect("there is room");
    }
    for len in [3, 9, 2] {
        assert_eq!(
            outbound.take(6),
            [bytes(len)],
            "take stops at a message that does not fit; a later one may not overtake it. See \"Slow readers and back-pressure\"."
        );
    }
}

#[test]
fn bytes_in_flight_leave_the_next_write_its_size() {
    let mut outbound = Outbound::new(1000);
    for _ in 0..6 {
        outbound.push(bytes(10)).expect("there is room");
    }
    outbound.take(30);
    assert_eq!(
        outbound.take(30).len(),
        3,
        "`most` limits this write only, not the bytes in flight before it. See \"Slow readers and back-pressure\"."
    );
}

#[test]
fn a_long_message_is_refused_while_bytes_are_in_flight() {
    let mut outbound = Outbound::new(10);
    outbound.push(bytes(4)).expect("there is room");
    outbound.take(100);
    assert_eq!(
        outbound.push(bytes(50)),
        Err(SlowReader),
        "the queue is empty, but 4 bytes are in flight. See \"Slow readers and back-pressure\"."
    );
}
