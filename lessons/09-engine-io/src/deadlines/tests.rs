//! Beside `deadlines.rs` and not inside: the models include that file once more.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::deadlines::{Deadlines, Expire};

struct Alarm {
    seen: Mutex<Vec<Duration>>,
    start: Instant,
    repeat: Option<Duration>,
    heard: Notify,
}

impl Expire for Alarm {
    fn on_deadline(self: &Arc<Self>, now: Instant) -> Option<Instant> {
        self.seen.lock().unwrap().push(now - self.start);
        self.heard.notify_one();
        self.repeat.map(|after| now + after)
    }
}

fn alarm(repeat: Option<Duration>) -> Arc<Alarm> {
    Arc::new(Alarm {
        seen: Mutex::default(),
        start: Instant::now(),
        repeat,
        heard: Notify::new(),
    })
}

#[tokio::test(start_paused = true)]
async fn deadlines_fire_in_order_whatever_the_order_of_insertion() {
    let deadlines = Deadlines::new();
    let late = alarm(None);
    let early = alarm(None);
    deadlines.insert(late.start + Duration::from_secs(9), &late);
    deadlines.insert(early.start + Duration::from_secs(3), &early);
    early.heard.notified().await;
    assert!(late.seen.lock().unwrap().is_empty());
    late.heard.notified().await;
    assert_eq!(early.seen.lock().unwrap()[0].as_secs(), 3);
    assert_eq!(late.seen.lock().unwrap()[0].as_secs(), 9);
}

#[tokio::test(start_paused = true)]
async fn fifty_deadlines_each_fire_at_their_time() {
    let deadlines = Deadlines::new();
    // 37 and 50 have no divisor in common: each second once, in no order.
    let alarms: Vec<_> = (0..50)
        .map(|number| (number * 37 % 50 + 1, alarm(None)))
        .collect();
    for (second, alarm) in &alarms {
        deadlines.insert(alarm.start + Duration::from_secs(*second), alarm);
    }
    for (second, alarm) in &alarms {
        alarm.heard.notified().await;
        let seen = alarm.seen.lock().unwrap().clone();
        assert_eq!(
            seen.iter().map(Duration::as_secs).collect::<Vec<_>>(),
            [*second]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_with_its_owner() {
    let (deadlines, never) = (Deadlines::new(), alarm(None));
    deadlines.insert(never.start + Duration::from_secs(1_000_000), &never);
    tokio::task::yield_now().await;
    let life = deadlines.life();
    drop(deadlines);
    // Time stands still: only the end of its owner can wake it.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(life.upgrade().is_none(), "the task keeps what nobody owns");
}

#[tokio::test(start_paused = true)]
async fn an_item_may_ask_to_be_called_again_and_a_dropped_one_is_not() {
    let deadlines = Deadlines::new();
    let twice = alarm(Some(Duration::from_secs(1)));
    let dropped = alarm(None);
    deadlines.insert(twice.start + Duration::from_secs(1), &twice);
    deadlines.insert(twice.start + Duration::from_secs(1), &dropped);
    drop(dropped);
    twice.heard.notified().await;
    twice.heard.notified().await;
    assert_eq!(twice.seen.lock().unwrap().len(), 2);
}

/// Panics when it is called, or when it is dropped.
struct Faulty;

impl Expire for Faulty {
    fn on_deadline(self: &Arc<Self>, _: Instant) -> Option<Instant> {
        panic!("a test panics in a callback")
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_callback_does_not_stop_the_clock() {
    let deadlines = Deadlines::new();
    let faulty = Arc::new(Faulty);
    deadlines.insert(Instant::now() + Duration::from_secs(1), &faulty);
    for second in [2, 3] {
        deadlines.insert(Instant::now() + Duration::from_secs(second), &faulty);
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(deadlines.len(), 0, "all were called");
}

#[tokio::test(start_paused = true)]
async fn a_removed_deadline_is_forgotten_at_once() {
    let deadlines = Deadlines::new();
    let (ended, other) = (alarm(None), alarm(None));
    let at = ended.start + Duration::from_secs(5);
    deadlines.insert(at, &ended);
    deadlines.insert(at, &other);
    assert!(!deadlines.remove(at + Duration::from_secs(1), &ended));
    assert!(deadlines.remove(at, &ended));
    assert!(!deadlines.remove(at, &ended), "it is gone");
    assert_eq!(Arc::weak_count(&ended), 0, "nothing of it is kept");
    other.heard.notified().await;
    assert!(ended.seen.lock().unwrap().is_empty());
}
