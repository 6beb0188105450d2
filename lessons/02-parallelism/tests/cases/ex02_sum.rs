//! What `sum` has to do. Sections are those of chapter 2.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use super::subject::sum;

/// Nothing here takes this long unless a thread waits forever.
const PATIENCE: Duration = Duration::from_secs(10);

/// Calls `sum` in a new thread and gives up on it after a while.
fn patiently(
    numbers: Vec<Vec<u64>>,
    workers: usize,
    why: &str,
    add: impl Fn(&[u64]) -> u64 + Send + Sync + 'static,
) -> u64 {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let pieces: Vec<&[u64]> = numbers.iter().map(Vec::as_slice).collect();
        let _ = sender.send(sum(&pieces, workers, add));
    });
    match receiver.recv_timeout(PATIENCE) {
        Ok(sum) => sum,
        Err(mpsc::RecvTimeoutError::Timeout) => {
            panic!("`sum` had not returned after {PATIENCE:?}: {why}")
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            panic!("`sum` panicked: its message is above")
        }
    }
}

fn plain(piece: &[u64]) -> u64 {
    piece.iter().copied().fold(0, u64::wrapping_add)
}

/// `count` pieces of one number each: 0, 1, 2 and so on.
fn singles(count: u64) -> Vec<Vec<u64>> {
    (0..count).map(|number| vec![number]).collect()
}

/// Counts threads that have come to a point, and lets one wait for others.
#[derive(Clone, Default)]
struct Count(Arc<(Mutex<usize>, Condvar)>);

impl Count {
    fn add(&self) {
        *self.0.0.lock().unwrap() += 1;
        self.0.1.notify_all();
    }

    /// Waits until the count is `wanted`. Returns the count after a while if it is not.
    fn wait(&self, wanted: usize) -> Result<(), usize> {
        let count = self.0.0.lock().unwrap();
        let limit = PATIENCE / 2;
        let waited = self
            .0
            .1
            .wait_timeout_while(count, limit, |count| *count < wanted);
        let (count, _) = waited.unwrap();
        if *count < wanted { Err(*count) } else { Ok(()) }
    }
}

#[test]
fn every_piece_is_added_once() {
    for count in [0, 1, 2, 7, 100] {
        for workers in [1, 2, 3, 8] {
            let seen = Arc::new(Mutex::new(Vec::new()));
            let calls = seen.clone();
            let yours = patiently(singles(count), workers, "", move |piece| {
                calls.lock().unwrap().push(piece[0]);
                plain(piece)
            });
            let mut seen = seen.lock().unwrap().clone();
            seen.sort_unstable();
            assert!(
                seen.iter().copied().eq(0..count),
                "{count} pieces, {workers} workers: `add` got the pieces {seen:?} (sorted). See \"Atomics\"."
            );
            let wanted = (0..count).sum::<u64>();
            assert!(
                yours == wanted,
                "{count} pieces, {workers} workers: yours is {yours}, wanted {wanted}. See \"Atomics\"."
            );
        }
    }
}

#[test]
fn the_sum_wraps_around() {
    let inside = vec![vec![u64::MAX], vec![1], vec![5]];
    let yours = patiently(inside, 1, "", plain);
    assert!(
        yours == 5,
        "yours is {yours}, wanted 5: the sum of one worker has to wrap around. See \"Work on all cores\"."
    );
    // Two workers with one piece each: neither finishes before the other has begun.
    let together = Count::default();
    let yours = patiently(vec![vec![u64::MAX], vec![6]], 2, "", move |piece| {
        together.add();
        let _ = together.wait(2);
        plain(piece)
    });
    assert!(
        yours == 5,
        "yours is {yours}, wanted 5: adding up the workers' sums has to wrap around too. See \"Work on all cores\"."
    );
}

#[test]
fn all_workers_run_at_the_same_time() {
    let together = Count::default();
    let late = Arc::new(Mutex::new(None));
    let (inside, seen) = (together.clone(), late.clone());
    patiently(singles(3), 3, "", move |piece| {
        inside.add();
        if let Err(count) = inside.wait(3) {
            seen.lock().unwrap().get_or_insert(count);
        }
        plain(piece)
    });
    let late = *late.lock().unwrap();
    assert!(
        late.is_none(),
        "only {} of 3 workers were adding at the same time: start all of them before you join the first, and hold no lock while you add. See \"Work on all cores\".",
        late.unwrap_or_default()
    );
}

#[test]
fn an_idle_worker_takes_the_next_piece() {
    let done = Count::default();
    let late = Arc::new(Mutex::new(None));
    let (others, seen) = (done.clone(), late.clone());
    patiently(singles(6), 2, "", move |piece| {
        // The first piece takes as long as all the others together.
        if piece[0] == 0 {
            if let Err(count) = others.wait(5) {
                seen.lock().unwrap().get_or_insert(count);
            }
        } else {
            others.add();
        }
        plain(piece)
    });
    let late = *late.lock().unwrap();
    assert!(
        late.is_none(),
        "one of 2 workers was busy with the first piece, and the other did only {} of the remaining 5 and then stopped. See \"Work on all cores\".",
        late.unwrap_or_default()
    );
}

#[test]
fn pieces_are_taken_in_order() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let calls = order.clone();
    patiently(singles(5), 1, "", move |piece| {
        calls.lock().unwrap().push(piece[0]);
        plain(piece)
    });
    let order = order.lock().unwrap().clone();
    assert!(
        order == [0, 1, 2, 3, 4],
        "one worker took the pieces in the order {order:?}, wanted 0, 1, 2, 3, 4. See \"Work on all cores\"."
    );
}

#[test]
fn there_are_no_more_threads_than_workers() {
    for workers in [1, 3] {
        let threads = Arc::new(Mutex::new(HashSet::new()));
        let calls = threads.clone();
        patiently(singles(8), workers, "", move |piece| {
            calls.lock().unwrap().insert(thread::current().id());
            // Gives every other thread the time to take a piece too.
            thread::sleep(Duration::from_millis(20));
            plain(piece)
        });
        let count = threads.lock().unwrap().len();
        assert!(
            count <= workers,
            "{count} threads called `add`, wanted at most {workers}: a worker takes many pieces. See \"Work on all cores\"."
        );
    }
}

#[test]
fn zero_workers_count_as_one() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let yours = patiently(singles(4), 0, "", move |piece| {
        counted.fetch_add(1, Ordering::SeqCst);
        plain(piece)
    });
    assert!(
        yours == 6 && calls.load(Ordering::SeqCst) == 4,
        "yours is {yours}, wanted 6: with 0 workers, one still has to do the work."
    );
}
