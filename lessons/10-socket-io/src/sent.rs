//! The order in which one client was sent the numbered events of its namespace.
//!
//! Events get their numbers from the log, one after another, and are then queued for each
//! client without a lock. Two threads can therefore queue 6 before 5 for one client and 5
//! before 6 for another. A client reports the last number that it has seen; whether it
//! has seen 5 as well depends on the order of *its* queue. So this remembers the numbers
//! that were queued late, and after which others; and, of the numbers whose broadcasts may
//! still be in progress, those that have been queued. The others of these never were.

use std::collections::VecDeque;

/// Late numbers that are remembered. A client is some packets behind, not thousands; if
/// it was sent more late ones than these, it starts from scratch.
const MAX_LATE: usize = 64;
/// The same for numbers that came while older ones were under way.
const MAX_RECENT: usize = 64;

/// An event's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) number: u64,
    /// When it was given, all events below had been queued for every socket.
    pub(crate) complete: u64,
}

/// The events that one client was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// The first number after the client connected, for a client that has seen none.
    start: u64,
    /// Numbers below are no longer sent: they are from before the client connected, or it
    /// has received them from the log.
    base: u64,
    /// One past the highest number that was queued.
    next: u64,
    late: VecDeque<Late>,
    /// Late numbers were forgotten up to here.
    forgotten: u64,
    /// All events below have been queued, for every client that they are for.
    complete: u64,
    /// The queued events that are not below, in order.
    recent: Vec<u64>,
    /// Recent numbers were forgotten up to here.
    unsure: u64,
    /// An event could not be queued: `complete` stays below it.
    failed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Late {
    number: u64,
    /// `next` when it was queued.
    next: u64,
}

/// The events that a client has not seen: all numbers from `from`, and some below.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unseen {
    pub(crate) from: u64,
    /// Queued after what it has seen.
    pub(crate) late: Vec<u64>,
    /// Never queued: from here to `from`, those that are not `seen`.
    pub(crate) holes: u64,
    pub(crate) seen: Vec<u64>,
}

impl Unseen {
    /// No number below this one is unseen.
    pub(crate) fn lowest(&self) -> u64 {
        self.late
            .iter()
            .copied()
            .fold(self.holes.min(self.from), u64::min)
    }

    pub(crate) fn contains(&self, number: u64) -> bool {
        number >= self.from
            || self.late.contains(&number)
            || number >= self.holes && self.seen.binary_search(&number).is_err()
    }
}

impl Sent {
    /// A client that connects when the next event has this number.
    pub(crate) fn new(next: u64) -> Self {
        Self {
            start: next,
            base: next,
            next,
            late: VecDeque::new(),
            forgotten: 0,
            complete: next,
            recent: Vec::new(),
            unsure: 0,
            failed: false,
        }
    }

    /// Whether an event is still to be sent. It is not if the client gets it from the
    /// log.
    pub(crate) fn wants(&self, number: u64) -> bool {
        number >= self.base
    }

    /// An event was queued for the client. All events below `complete` had been queued
    /// for every socket when it got its number.
    pub(crate) fn record(&mut self, number: u64, complete: u64) {
        self.settle(complete);
        if number >= self.complete
            && let Err(place) = self.recent.binary_search(&number)
        {
            self.recent.insert(place, number);
            if self.recent.len() > MAX_RECENT {
                self.unsure = self.unsure.max(self.recent.remove(0) + 1);
            }
        }
        if number >= self.next {
            self.next = number + 1;
            return;
        }
        if self.late.len() == MAX_LATE
            && let Some(oldest) = self.late.pop_front()
        {
            self.forgotten = self.forgotten.max(oldest.next);
        }
        let next = self.next;
        self.late.push_back(Late { number, next });
    }

    /// An event could not be queued, because the session has ended. It is not complete for
    /// this client, now or later.
    pub(crate) fn fail(&mut self) {
        self.failed = true;
    }

    /// All events below have been queued for every socket.
    pub(crate) fn settle(&mut self, complete: u64) {
        if complete > self.complete && !self.failed {
            self.complete = complete;
            let done = self.recent.partition_point(|number| *number < complete);
            self.recent.drain(..done);
        }
    }

    /// All events below have been queued for every socket.
    pub(crate) fn complete(&self) -> u64 {
        self.complete
    }

    /// One past the highest number that was queued.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// The client is back and has seen everything up to `last` in its queue (nothing, if
    /// it is `None`). Returns what it has not seen, and forgets that it was queued.
    /// `None` if that is not certain.
    pub(crate) fn rewind(&mut self, last: Option<u64>) -> Option<Unseen> {
        if last.is_some_and(|last| last >= self.next) {
            // It has seen what was not sent.
            return None;
        }
        let seen_late = self.late.iter().rposition(|late| Some(late.number) == last);
        let (from, kept) = match (last, seen_late) {
            (_, Some(index)) => (self.late[index].next, index + 1),
            (Some(last), None) => {
                let from = last + 1;
                // A late number that was queued after `last` found `next` past it.
                let kept = self.late.partition_point(|late| late.next < from);
                (from, kept)
            }
            (None, None) => (self.start, 0),
        };
        let certain = seen_late.is_some() || last.is_none() || from > self.forgotten;
        if !certain || self.complete < self.unsure {
            return None;
        }
        let unseen = self.late.split_off(kept);
        let late = unseen.iter().map(|late| late.number);
        let late: Vec<u64> = late.filter(|number| *number < from).collect();
        self.next = from;
        let is_seen = |number: &u64| *number < from && !late.contains(number);
        self.recent.retain(is_seen);
        let seen = self.recent.clone();
        let mut holes = self.complete;
        for number in &seen {
            if *number == holes {
                holes += 1;
            }
        }
        Some(Unseen {
            from,
            late,
            holes: holes.min(from),
            seen,
        })
    }

    /// From now on the client is sent what has this number or a higher one.
    pub(crate) fn continue_at(&mut self, base: u64) {
        self.base = base;
        self.failed = false;
        self.settle(base);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// A client that was queued these numbers, when no broadcast was complete before all
    /// of them were.
    fn sent(numbers: &[u64]) -> Sent {
        let mut sent = Sent::new(0);
        for number in numbers {
            sent.record(*number, 0);
        }
        sent
    }

    fn unseen(sent: &mut Sent, last: Option<u64>) -> Option<(u64, Vec<u64>)> {
        sent.settle(100);
        sent.rewind(last).map(|unseen| (unseen.from, unseen.late))
    }

    #[test]
    fn what_came_late_is_missing_if_the_client_has_not_seen_it() {
        let queued = [0, 1, 3, 4, 2, 5];
        for (last, expected) in [
            (Some(1), Some((2, vec![]))),
            (Some(3), Some((4, vec![2]))),
            (Some(4), Some((5, vec![2]))),
            (Some(2), Some((5, vec![]))),
            (Some(5), Some((6, vec![]))),
            (Some(6), None),
            (None, Some((0, vec![]))),
        ] {
            assert_eq!(unseen(&mut sent(&queued), last), expected, "{last:?}");
        }
    }

    #[test]
    fn what_was_never_queued_is_missing_if_it_was_under_way() {
        let mut client = sent(&[0, 1, 7, 5]);
        client.settle(2);
        let unseen = client.rewind(Some(7)).unwrap();
        let numbers: Vec<u64> = (0..9).filter(|it| unseen.contains(*it)).collect();
        assert_eq!(numbers, [2, 3, 4, 5, 6, 8]);
        assert_eq!(unseen.lowest(), 2);
        // Had all been complete when it left, there was nothing between.
        let mut client = sent(&[0, 1, 7, 5]);
        client.settle(8);
        let unseen = client.rewind(Some(5)).unwrap();
        assert_eq!((unseen.lowest(), unseen.contains(6)), (8, false));
    }

    #[test]
    fn a_client_that_comes_back_twice_is_not_confused() {
        let mut sent = sent(&[0, 1, 3, 2]);
        assert_eq!(unseen(&mut sent, Some(3)), Some((4, vec![2])));
        sent.record(2, 0);
        sent.continue_at(4);
        assert!(!sent.wants(3) && sent.wants(4));
        // It broke again before it saw anything, and after it saw the first of it.
        assert_eq!(unseen(&mut sent.clone(), Some(3)), Some((4, vec![2])));
        assert_eq!(unseen(&mut sent.clone(), Some(2)), Some((4, vec![])));
    }

    proptest! {
        /// Any order of the queue, any subset of the numbers, any place where it breaks,
        /// and any number of broadcasts that had not come to this client by then.
        #[test]
        fn seen_and_unseen_together_are_everything(
            order in Just((0_u64..12).collect::<Vec<_>>()).prop_shuffle(),
            not_for_it in prop::collection::btree_set(0_u64..12, 0..6),
            breaks in prop::collection::vec((0_usize..12, 0_usize..12), 1..4),
        ) {
            let mut to_come: Vec<u64> =
                order.into_iter().filter(|number| !not_for_it.contains(number)).collect();
            let everything: BTreeSet<u64> = to_come.iter().copied().collect();
            let (mut sent, mut seen, mut last) = (Sent::new(0), Vec::new(), None);
            for (index, (queued, at)) in breaks.into_iter().enumerate() {
                // A client that comes back is sent all that it missed at once.
                let queued = if index == 0 { queued } else { 12 };
                let queued = queued.min(to_come.len());
                for number in &to_come[..queued] {
                    sent.record(*number, 0);
                }
                let at = at.min(queued);
                seen.extend_from_slice(&to_come[..at]);
                last = seen.last().copied().or(last);
                sent.settle(to_come[queued..].iter().copied().min().unwrap_or(12));
                let unseen = sent.rewind(last).unwrap();
                let rest: Vec<u64> =
                    everything.iter().copied().filter(|it| unseen.contains(*it)).collect();
                prop_assert!(rest.iter().all(|number| *number >= unseen.lowest()));
                let all: BTreeSet<u64> = seen.iter().chain(&rest).copied().collect();
                prop_assert_eq!(&all, &everything, "nothing is lost");
                prop_assert_eq!(seen.len() + rest.len(), everything.len(), "nothing twice");
                to_come = rest;
            }
        }

        #[test]
        fn what_was_forgotten_is_never_a_wrong_answer(
            order in Just((0_u64..300).collect::<Vec<_>>()).prop_shuffle(),
            at in 0_usize..300,
            complete in 0_u64..301,
        ) {
            let mut sent = sent(&order);
            sent.settle(complete);
            let seen: BTreeSet<u64> = order[..=at].iter().copied().collect();
            if let Some(unseen) = sent.rewind(Some(order[at])) {
                let rest: Vec<u64> = (0..300).filter(|it| unseen.contains(*it)).collect();
                prop_assert!(rest.iter().all(|number| !seen.contains(number)));
                prop_assert_eq!(rest.len() + seen.len(), 300);
            }
            prop_assert!(sent.late.len() <= MAX_LATE && sent.recent.len() <= MAX_RECENT);
        }
    }
}
