//! Models of the places where tasks wait for each other, run by shuttle.
//!
//! shuttle runs the threads and tasks of a test one at a time, and chooses at each lock
//! and each atomic which goes on: thousands of interleavings in a second, each of which
//! can be repeated from what it prints. A waker that gets lost is a deadlock here, and a
//! deadlock fails the test. `session.rs`, `deadlines.rs` and `hold.rs` are compiled a
//! second time, with shuttle's locks instead of std's.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::duplicate_mod,
    reason = "a second copy, used in part"
)]

#[path = "deadlines.rs"]
mod deadlines;
#[path = "hold.rs"]
mod hold;
#[path = "session.rs"]
mod session;

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use shuttle::future::{block_on, spawn};
use shuttle::{check_random, thread};
use tokio::sync::Notify;
use tokio::time::Instant;

use self::deadlines::{Deadlines, Expire};
use self::hold::Hold;
use self::session::{Application, Receiver, Registry, Session, Shared};
use crate::config::{Config, Transport};
use crate::handshake::Handshake;
use crate::machine::{CloseReason, Machine, Probe};
use crate::measure::Traffic;
use crate::packet::{EncodedMessage, Message, Packet};
use crate::sid::Sid;

const RUNS: usize = 1000;

/// shuttle's locks, and a clock that a test moves.
mod sync {
    use std::task::{Poll, Waker};

    pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicU8, Ordering};
    pub(crate) use shuttle::sync::{Mutex, MutexGuard};
    use tokio::time::Instant;

    /// futures' has atomics that shuttle does not know.
    #[derive(Debug, Default)]
    pub(crate) struct AtomicWaker(Mutex<Option<Waker>>);

    impl AtomicWaker {
        pub(crate) fn register(&self, waker: &Waker) {
            *self.0.lock().unwrap() = Some(waker.clone());
        }

        pub(crate) fn wake(&self) {
            let waker = self.0.lock().unwrap().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    struct Clock {
        now: Instant,
        sleepers: Vec<(Instant, Waker)>,
    }

    shuttle::lazy_static! {
        static ref CLOCK: Mutex<Clock> = Mutex::new(Clock {
            now: Instant::now(),
            sleepers: Vec::new(),
        });
    }

    pub(crate) fn now() -> Instant {
        CLOCK.lock().unwrap().now
    }

    pub(crate) fn advance(by: std::time::Duration) {
        let mut clock = CLOCK.lock().unwrap();
        clock.now += by;
        let (now, all) = (clock.now, std::mem::take(&mut clock.sleepers));
        let (due, later) = all.into_iter().partition(|(at, _)| *at <= now);
        clock.sleepers = later;
        drop(clock);
        let due: Vec<(Instant, Waker)> = due;
        for (_, waker) in due {
            waker.wake();
        }
    }

    pub(crate) async fn sleep_until(at: Instant) {
        std::future::poll_fn(|cx| {
            let mut clock = CLOCK.lock().unwrap();
            if clock.now >= at {
                return Poll::Ready(());
            }
            clock.sleepers.push((at, cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        // Detached: it ends with its owner.
        drop(shuttle::future::spawn(task));
    }
}

/// A server without a clock or a table.
struct Nowhere;

impl Registry for Nowhere {
    fn left(&self, _: &Arc<Shared>, _: Option<Instant>) {}
    fn wake_at(&self, _: Instant, _: Option<Instant>, _: &Arc<Shared>) {}
    fn held(&self, _: usize, _: usize) {}
}

struct Silent;

impl Application for Silent {
    fn open(&self, _: Session) -> Arc<dyn Receiver> {
        Arc::new(Silent)
    }
}

impl Receiver for Silent {
    fn message(&self, _: Message<'_>) {}
    fn close(&self, _: CloseReason) {}
}

fn now() -> std::time::Instant {
    sync::now().into_std()
}

/// A session past its handshake.
fn open(transport: Transport) -> Session {
    let open = Packet::Open("{}").encode();
    let machine = Machine::new(now(), transport, &Config::default(), open);
    let registry: std::sync::Weak<Nowhere> = std::sync::Weak::new();
    let (sid, traffic) = (Sid::random(), Traffic::new());
    let session = Session::new(sid, Handshake::default(), registry, machine, traffic);
    assert!(session.listen(&Silent));
    match transport {
        Transport::Polling => {
            session.with(|machine| machine.begin_poll(now())).unwrap();
            assert!(session.with(Machine::poll).is_some());
        }
        Transport::WebSocket => drop(written(&session)),
    }
    session
}

fn written(session: &Session) -> usize {
    session.with(|machine| {
        let mut batch = std::collections::VecDeque::new();
        machine.take(&mut batch);
        machine.wrote(batch.iter().map(EncodedMessage::size).sum());
        batch.len()
    })
}

/// A POST and a WebSocket that both wait until `wake` has been called.
fn both_wait_for(wake: fn(&Session)) {
    check_random(
        move || {
            let session = open(Transport::Polling);
            session.pause();
            let (post, socket) = (session.clone(), session.clone());
            let post = spawn(async move { poll_fn(|cx| post.poll_may_post(cx)).await });
            let socket =
                spawn(async move { poll_fn(|cx| socket.poll_may_receive(cx)).await });
            let waker = thread::spawn(move || wake(&session));
            block_on(post).unwrap();
            block_on(socket).unwrap();
            waker.join().unwrap();
        },
        RUNS,
    );
}

#[test]
fn a_post_and_a_websocket_that_wait_both_resume() {
    both_wait_for(Session::resume);
}

#[test]
fn a_post_and_a_websocket_that_wait_both_learn_of_the_end() {
    both_wait_for(|session| session.close(CloseReason::PingTimeout));
}

#[test]
fn a_websocket_that_cannot_write_and_a_post_both_learn_of_the_end() {
    check_random(
        || {
            let session = open(Transport::Polling);
            session.pause();
            let (post, socket) = (session.clone(), session.clone());
            let post = spawn(async move { poll_fn(|cx| post.poll_may_post(cx)).await });
            let socket =
                spawn(async move { poll_fn(|cx| socket.poll_closed(cx, |_| ())).await });
            session.close(CloseReason::SlowReader);
            block_on(post).unwrap();
            block_on(socket).unwrap();
        },
        RUNS,
    );
}

#[test]
fn a_writer_takes_every_message_whoever_sends() {
    check_random(
        || {
            let session = open(Transport::WebSocket);
            let senders: Vec<_> = (0..2)
                .map(|_| {
                    let session = session.clone();
                    thread::spawn(move || {
                        for _ in 0..2 {
                            session.send(&EncodedMessage::text("x")).unwrap();
                        }
                    })
                })
                .collect();
            block_on(async {
                let mut count = 0;
                while count < 4 {
                    count += poll_fn(|cx| {
                        session.poll_output(cx, |machine| {
                            let mut batch = std::collections::VecDeque::new();
                            machine.take(&mut batch);
                            machine.wrote(batch.iter().map(EncodedMessage::size).sum());
                            (!batch.is_empty()).then_some(batch.len())
                        })
                    })
                    .await;
                }
            });
            for sender in senders {
                sender.join().unwrap();
            }
        },
        RUNS,
    );
}

#[test]
fn an_upgrade_lets_the_poll_go_and_the_websocket_gets_the_rest() {
    check_random(
        || {
            let session = open(Transport::Polling);
            session.with(|machine| machine.begin_poll(now())).unwrap();
            let poll = session.clone();
            let poll = spawn(async move { poll_fn(|cx| poll.poll_answer(cx)).await });
            let sender = session.clone();
            let sender = thread::spawn(move || sender.send(&EncodedMessage::text("x")));
            assert!(session.with(Machine::begin_probe));
            let probe = Packet::Ping("probe");
            assert_eq!(
                session.with(|machine| machine.receive_probe(&probe)),
                Probe::Confirm
            );
            let answer = block_on(poll).unwrap();
            let by_poll = answer
                .iter()
                .filter(|packet| packet.as_text().is_some())
                .count();
            let moved = session.with(|machine| machine.receive_probe(&Packet::Upgrade));
            assert_eq!(moved, Probe::Upgraded);
            sender.join().unwrap().unwrap();
            assert_eq!(by_poll + written(&session), 1, "it arrives once");
        },
        RUNS,
    );
}

#[test]
fn of_a_pause_and_a_resume_at_once_all_agree_on_the_last() {
    check_random(
        || {
            let session = open(Transport::WebSocket);
            let other = session.clone();
            let other = thread::spawn(move || other.pause());
            session.resume();
            other.join().unwrap();
            let paused = session.with(|machine| machine.is_paused());
            assert_eq!(session.is_paused(), paused);
        },
        RUNS,
    );
}

#[derive(Default)]
struct Alarm(Notify);

impl Expire for Alarm {
    fn on_deadline(self: &Arc<Self>, _: Instant) -> Option<Instant> {
        self.0.notify_one();
        None
    }
}

#[test]
fn every_deadline_fires_at_its_time_in_whatever_order_they_are_entered() {
    check_random(
        || {
            let deadlines = Arc::new(Deadlines::new());
            let alarms: Vec<_> = (1..=3).map(|_| Arc::new(Alarm::default())).collect();
            let start = sync::now();
            let threads: Vec<_> = alarms
                .iter()
                .zip([3, 1, 2])
                .map(|(alarm, second)| {
                    let (deadlines, alarm) = (deadlines.clone(), alarm.clone());
                    thread::spawn(move || {
                        deadlines.insert(start + Duration::from_secs(second), &alarm);
                    })
                })
                .collect();
            // Another one comes and goes in the meantime.
            let gone = Arc::new(Alarm::default());
            let at = start + Duration::from_millis(500);
            deadlines.insert(at, &gone);
            deadlines.remove(at, &gone);
            for thread in threads {
                thread.join().unwrap();
            }
            // In the order of their times, each before the next is due.
            for alarm in [1, 2, 0] {
                sync::advance(Duration::from_secs(1));
                block_on(alarms[alarm].0.notified());
            }
        },
        RUNS,
    );
}

/// A connection at whose end the reader waits, while its request is answered.
fn the_end_is_seen_after(answer: fn(&Hold)) {
    check_random(
        move || {
            let hold = Arc::new(Hold::default());
            let answering = Arc::new(sync::AtomicBool::new(true));
            hold.hold();
            let (reader, still) = (hold.clone(), answering.clone());
            let reader = spawn(async move {
                poll_fn(|cx| reader.poll_released(cx)).await;
                let early = still.load(sync::Ordering::SeqCst);
                assert!(!early, "the end was seen too early");
            });
            let request = thread::spawn(move || {
                answering.store(false, sync::Ordering::SeqCst);
                answer(&hold);
            });
            block_on(reader).unwrap();
            request.join().unwrap();
        },
        RUNS,
    );
}

#[test]
fn the_end_of_a_connection_is_seen_once_the_response_is_there() {
    the_end_is_seen_after(Hold::release);
}

#[test]
fn the_end_of_a_connection_is_seen_if_the_request_wants_more() {
    the_end_is_seen_after(Hold::wants_more);
}

#[test]
fn the_end_after_a_part_of_the_body_is_seen_however_the_request_ends() {
    check_random(
        || {
            let hold = Arc::new(Hold::default());
            hold.hold();
            let reader = hold.clone();
            let reader = spawn(async move {
                // A part of the body, then the end.
                reader.more_came();
                poll_fn(|cx| reader.poll_released(cx)).await;
            });
            let request = thread::spawn(move || {
                hold.wants_more();
                hold.release();
            });
            block_on(reader).unwrap();
            request.join().unwrap();
        },
        RUNS,
    );
}
