//! The gate in front of a client, tried in thousands of orders of its threads.
//! A test program for itself, because `shuttle` takes the hook for the process's panics.

use std::sync::Arc;

use gate::Gate;
use sent::{Number, Sent};
use shuttle::thread;

#[path = "../src/gate.rs"]
#[allow(dead_code, unreachable_pub, reason = "the model uses a part")]
mod gate;
#[path = "../src/sent.rs"]
#[allow(dead_code, unreachable_pub, reason = "the model uses a part")]
mod sent;

/// The model's in place of the standard library's.
mod sync {
    pub(crate) use std::sync::PoisonError;

    pub(crate) use shuttle::sync::atomic::{AtomicU8, Ordering};
    pub(crate) use shuttle::sync::{Mutex, MutexGuard};
}

const CONNECT: u32 = 0;
const ORDERS: usize = 3_000;

/// A client's queue, in the order it was written to.
type Wire = Arc<std::sync::Mutex<Vec<u32>>>;

fn send(wire: &Wire) -> impl Fn(&u32) -> bool + use<> {
    let wire = wire.clone();
    move |packet| {
        wire.lock().unwrap().push(*packet);
        true
    }
}

/// One lets the client in, two send, one sees it leave.
fn let_in_send_and_leave(numbered: bool) {
    shuttle::check_random(
        move || {
            let (gate, wire) = (gate(numbered), Wire::default());
            let senders: Vec<_> = [10, 20]
                .map(|first| {
                    let (gate, send) = (gate.clone(), send(&wire));
                    thread::spawn(move || {
                        let packets = [first, first + 1];
                        packets.map(|packet| {
                            let number = numbered.then_some(Number {
                                number: u64::from(packet),
                                complete: 0,
                            });
                            gate.pass(&packet, number, false, |_| true, &send)
                        })
                    })
                })
                .into();
            let opener = {
                let (gate, send) = (gate.clone(), send(&wire));
                thread::spawn(move || {
                    gate.open(CONNECT, |packet| {
                        send(packet);
                    });
                })
            };
            let left = {
                let gate = gate.clone();
                thread::spawn(move || gate.leave(false))
            };
            let queued: Vec<[bool; 2]> =
                senders.into_iter().map(|it| it.join().unwrap()).collect();
            opener.join().unwrap();
            let departure = left.join().unwrap().expect("it leaves once");

            let wire = wire.lock().unwrap().clone();
            assert!(!gate.is_open() && gate.has_left());
            assert!(wire.is_empty() || wire[0] == CONNECT, "{wire:?}");
            for (queued, first) in queued.iter().zip([10, 20]) {
                let mine: Vec<_> =
                    wire.iter().filter(|it| *it / 10 == first / 10).collect();
                assert!(mine.is_sorted(), "in order, once: {wire:?}");
                assert!(mine.windows(2).all(|pair| pair[0] != pair[1]));
                assert!(queued[0] || !queued[1], "no packet overtakes another");
                if departure.was_in {
                    let count = queued.iter().filter(|queued| **queued).count();
                    assert_eq!(mine.len(), count, "what was queued is sent: {wire:?}");
                }
            }
            if numbered && departure.was_in {
                let mut sent = departure.sent.unwrap();
                let last = wire.last().copied().filter(|packet| *packet != CONNECT);
                sent.settle(100);
                let unseen = sent.rewind(last.map(u64::from)).unwrap();
                assert!(last.is_none() || unseen.late.is_empty(), "it has seen all");
            }
        },
        ORDERS,
    );
}

fn gate(numbered: bool) -> Arc<Gate<u32>> {
    Arc::new(Gate::new(Vec::new(), numbered.then(|| Sent::new(0))))
}

#[test]
fn nothing_overtakes_the_connect_packet_and_nothing_is_sent_after_the_end() {
    let_in_send_and_leave(false);
}

#[test]
fn the_record_of_what_was_sent_is_the_order_of_the_queue() {
    let_in_send_and_leave(true);
}

#[test]
fn a_farewell_follows_the_connect_packet_or_is_not_needed() {
    shuttle::check_random(
        || {
            let (gate, wire) = (gate(false), Wire::default());
            let leaver = {
                let (gate, send) = (gate.clone(), send(&wire));
                thread::spawn(move || {
                    gate.pass(&7, None, false, |_| true, &send);
                    gate.leave(true);
                })
            };
            let send = send(&wire);
            gate.open(CONNECT, |packet| {
                send(packet);
            });
            leaver.join().unwrap();
            assert_eq!(*wire.lock().unwrap(), [CONNECT, 7]);
        },
        ORDERS,
    );
}

/// The session can have ended before the client leaves. An event that came too late for
/// it, and was overtaken, is not taken for one that was for others.
#[test]
fn an_event_that_could_not_be_queued_is_one_that_the_client_has_not_seen() {
    shuttle::check_random(
        || {
            let gate = gate(true);
            gate.open(CONNECT, |_| ());
            let number = |number| {
                Some(Number {
                    number,
                    complete: 0,
                })
            };
            assert!(gate.pass(&5, number(5), false, |_| true, |_| true));
            assert!(!gate.pass(&3, number(3), false, |_| true, |_| false));
            let mut sent = gate.leave(false).unwrap().sent.unwrap();
            sent.settle(10);
            assert!(sent.rewind(Some(5)).unwrap().contains(3));
        },
        10,
    );
}
