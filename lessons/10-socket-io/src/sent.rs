//! The order in which one client was sent the numbered events of its namespace.
//!
//! Events get their numbers from the log, one after another, and are then queued for each
//! client without a lock. Two threads can therefore queue 6 before 5 for one client and 5
//! before 6 for another. A client reports the last number that it has seen; whether it
//! has seen 5 as well depends on the order of *its* queue. So this remembers the numbers
//! that came late, and after which others.

use std::collections::VecDeque;

/// Late numbers that are remembered. A client is some packets behind, not thousands; if
/// it was sent more late ones than these, it starts from scratch.
const MAX_LATE: usize = 64;

/// What one client was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// The first number after the client connected, for a client that has seen none.
    start: u64,
    /// Numbers below are not sent any more: the client has got them from the log.
    base: u64,
    /// One past the highest number that was queued.
    next: u64,
    late: VecDeque<Late>,
    /// Late numbers were forgotten up to here.
    forgotten: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Late {
    number: u64,
    /// `next` when it was queued.
    next: u64,
}

/// What a client has not seen: all numbers from `from`, and some below.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unseen {
    pub(crate) from: u64,
    pub(crate) late: Vec<u64>,
}

impl Sent {
    /// A client that connects when the next event has this number.
    pub(crate) fn new(next: u64) -> Self {
        Self {
            start: next,
            base: 0,
            next,
            late: VecDeque::new(),
            forgotten: 0,
        }
    }

    /// Whether an event is still to be sent. It is not if the client gets it from the
    /// log.
    pub(crate) fn wants(&self, number: u64) -> bool {
        number >= self.base
    }

    /// An event was queued for the client.
    pub(crate) fn record(&mut self, number: u64) {
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

    /// One past the highest number that was queued.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// The client is back and has seen everything up to `last` in its queue (nothing, if
    /// it is `None`). Returns what it has not seen, and forgets that it was queued.
    /// `None` if that is not certain.
    pub(crate) fn rewind(&mut self, last: Option<u64>) -> Option<Unseen> {
        let Some(last) = last else {
            let from = self.start;
            let late = std::mem::take(&mut self.late).into_iter();
            let late = late
                .map(|late| late.number)
                .filter(|it| *it < from)
                .collect();
            self.next = from;
            return (self.forgotten <= from).then_some(Unseen { from, late });
        };
        if last >= self.next {
            // It has seen what was not sent.
            return None;
        }
        let seen_late = self.late.iter().rposition(|late| late.number == last);
        let (from, kept) = match seen_late {
            Some(index) => (self.late[index].next, index + 1),
            None => {
                let from = last + 1;
                if from <= self.forgotten {
                    return None;
                }
                // A late number that was queued after `last` found `next` past it.
                let kept = self.late.partition_point(|late| late.next < from);
                (from, kept)
            }
        };
        let unseen = self.late.split_off(kept);
        let late = unseen.iter().map(|late| late.number);
        let late = late.filter(|number| *number < from).collect();
        self.next = from;
        Some(Unseen { from, late })
    }

    /// From now on the client is sent what has this number or a higher one.
    pub(crate) fn continue_at(&mut self, base: u64) {
        self.base = base;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn sent(numbers: &[u64]) -> Sent {
        let mut sent = Sent::new(0);
        for number in numbers {
            sent.record(*number);
        }
        sent
    }

    fn unseen(from: u64, late: &[u64]) -> Option<Unseen> {
        let late = late.to_vec();
        Some(Unseen { from, late })
    }

    #[test]
    fn what_came_late_is_missing_if_the_client_has_not_seen_it() {
        let queued = [0, 1, 3, 4, 2, 5];
        for (last, expected) in [
            (Some(1), unseen(2, &[])),
            (Some(3), unseen(4, &[2])),
            (Some(4), unseen(5, &[2])),
            (Some(2), unseen(5, &[])),
            (Some(5), unseen(6, &[])),
            (Some(6), None),
            (None, unseen(0, &[])),
        ] {
            assert_eq!(sent(&queued).rewind(last), expected, "{last:?}");
        }
    }

    #[test]
    fn a_client_that_comes_back_twice_is_not_confused() {
        let mut sent = sent(&[0, 1, 3, 2]);
        assert_eq!(sent.rewind(Some(3)), unseen(4, &[2]));
        sent.record(2);
        sent.continue_at(4);
        assert!(!sent.wants(3) && sent.wants(4));
        // It broke again before it saw anything, and after it saw the first of it.
        assert_eq!(sent.clone().rewind(Some(3)), unseen(4, &[2]));
        assert_eq!(sent.clone().rewind(Some(2)), unseen(4, &[]));
    }

    proptest! {
        /// Any order of the queue, any subset of the numbers, any place where it breaks.
        #[test]
        fn seen_and_unseen_together_are_everything(
            order in Just((0_u64..12).collect::<Vec<_>>()).prop_shuffle(),
            not_for_it in prop::collection::btree_set(0_u64..12, 0..6),
            breaks in prop::collection::vec(0_usize..12, 1..4),
        ) {
            let mut to_come: Vec<u64> =
                order.into_iter().filter(|number| !not_for_it.contains(number)).collect();
            let everything: BTreeSet<u64> = to_come.iter().copied().collect();
            let (mut sent, mut seen, mut last) = (Sent::new(0), Vec::new(), None);
            for at in breaks {
                for number in &to_come {
                    sent.record(*number);
                }
                let at = at.min(to_come.len());
                seen.extend_from_slice(&to_come[..at]);
                last = seen.last().copied().or(last);
                let unseen = sent.rewind(last).unwrap();
                let mut rest: Vec<u64> = unseen.late.clone();
                rest.sort_unstable();
                rest.extend(everything.iter().copied().filter(|number| *number >= unseen.from));
                let all: BTreeSet<u64> = seen.iter().chain(&rest).copied().collect();
                prop_assert_eq!(&all, &everything, "nothing is lost");
                prop_assert_eq!(seen.len() + rest.len(), everything.len(), "nothing twice");
                to_come = rest;
            }
        }

        #[test]
        fn forgotten_lateness_is_never_a_wrong_answer(
            order in Just((0_u64..300).collect::<Vec<_>>()).prop_shuffle(), at in 0_usize..300
        ) {
            let mut sent = sent(&order);
            let seen: BTreeSet<u64> = order[..=at].iter().copied().collect();
            if let Some(unseen) = sent.rewind(Some(order[at])) {
                let rest = unseen.late.iter().copied().chain(unseen.from..300);
                let rest: Vec<u64> = rest.collect();
                prop_assert!(rest.iter().all(|number| !seen.contains(number)));
                prop_assert_eq!(rest.len() + seen.len(), 300);
            }
            prop_assert!(sent.late.len() <= MAX_LATE);
        }
    }
}
