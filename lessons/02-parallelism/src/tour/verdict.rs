//! What a part of the tour has found: decided by what was measured, and not known
//! beforehand.
//!
//! All figures are "times as fast": 2 is what two cores can do for two programs, 1 is
//! what taking turns gives.

/// From here on something is said to go on in parallel.
const PARALLEL: f64 = 1.4;
/// Up to here it is said to gain nothing.
const NO_GAIN: f64 = 1.25;

/// What two threads gain over one after the other.
pub(crate) struct Gil {
    /// Computing, under the lock.
    pub(crate) computing: f64,
    /// Waiting, under the lock.
    pub(crate) waiting: f64,
    /// Native code, under the lock.
    pub(crate) native: f64,
    /// Computing, without the lock.
    pub(crate) free: f64,
}

/// What our interpreter shows.
pub(crate) fn gil(cores: usize, gained: &Gil) -> &'static str {
    let waits = gained.waiting >= PARALLEL;
    if cores == 1 && waits {
        "With one core no computing is parallel, with the lock or without. Waiting needs no core."
    } else if cores == 1 {
        "With one core no computing is parallel. The numbers are too noisy to show what waiting gains."
    } else if waits
        && gained.native >= PARALLEL
        && gained.computing <= NO_GAIN
        && gained.free >= PARALLEL
    {
        "Under the lock computing is concurrent and not parallel; waiting and native code are both."
    } else {
        "This run does not show what the lock does: the machine is busy, or --rounds is too small."
    }
}

/// What two threads or processes of Python gain.
pub(crate) struct Python {
    /// Whether this Python has its lock.
    pub(crate) gil: bool,
    /// Waiting, in threads.
    pub(crate) waiting: f64,
    /// Computing, in threads.
    pub(crate) threads: f64,
    /// Computing, in processes.
    pub(crate) processes: f64,
}

/// What Python shows.
pub(crate) fn python(cores: usize, gained: &Python) -> &'static str {
    let (waits, spreads) = (gained.waiting >= PARALLEL, gained.processes >= PARALLEL);
    if cores == 1 && waits {
        "Threads help who waits. With one core nothing helps who computes, processes neither."
    } else if cores == 1 {
        "With one core no computing is parallel. The numbers are too noisy to show what waiting gains."
    } else if gained.gil && waits && spreads && gained.threads <= NO_GAIN {
        "Threads help who waits. For computing it takes processes, or a Python without the lock."
    } else if !gained.gil && waits && spreads && gained.threads >= PARALLEL {
        "This Python has no lock: threads help who waits and who computes."
    } else {
        "This run does not show what threads and processes gain: the machine is busy, or --rounds is too small."
    }
}

/// What the three ways to use all cores show.
pub(crate) fn spread(cores: usize, gained: &[f64]) -> &'static str {
    if cores == 1 {
        "Three ways, one result. With one core nothing is parallel, and none can be faster."
    } else if gained.iter().all(|gained| *gained >= PARALLEL) {
        "Three ways, one result, and each is faster than one after another."
    } else {
        "Three ways, one result. This run does not show all of them to be faster: the machine is busy."
    }
}

/// What counters in one line of memory show; `gained` by a line for each.
pub(crate) fn sharing(cores: usize, gained: f64) -> &'static str {
    if cores == 1 {
        "Nobody shares a counter. With one core nothing is parallel, and nobody takes the line away."
    } else if gained >= PARALLEL {
        "Nobody shares a counter. The cores share the line in which they lie."
    } else {
        "Nobody shares a counter. This run does not show that the line is shared: the machine is busy."
    }
}

/// What is the same in each run; `orders` is how many were seen.
pub(crate) fn order(cores: usize, orders: usize) -> &'static str {
    match (cores, orders) {
        (_, ..=1) => {
            "Results are in order whoever works. Effects came in one order this time; nobody promises it for the next."
        }
        (1, _) => {
            "With one core nothing is parallel: the workers take turns. That is enough for effects out of order."
        }
        _ => {
            "Results can be in order whoever works. Effects are not, and a sum is an effect of its order."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Gil, Python, gil, order, python, sharing, spread};

    const TURNS: Gil = Gil {
        computing: 0.9,
        waiting: 2.0,
        native: 1.9,
        free: 1.9,
    };
    const LOCKED: Python = Python {
        gil: true,
        waiting: 2.0,
        threads: 1.0,
        processes: 1.9,
    };

    #[test]
    fn what_is_measured_is_said() {
        assert!(gil(2, &TURNS).contains("concurrent and not parallel"));
        assert!(python(2, &LOCKED).contains("takes processes"));
        let free = Python {
            gil: false,
            threads: 1.8,
            ..LOCKED
        };
        assert!(python(2, &free).contains("has no lock"));
        assert!(spread(2, &[1.9, 1.8, 1.9]).contains("each is faster"));
        assert!(sharing(2, 2.5).contains("The cores share the line"));
        assert!(order(2, 7).contains("Effects are not"));
    }

    #[test]
    fn with_one_core_nothing_is_parallel_in_any_part() {
        for said in [
            gil(1, &TURNS),
            gil(
                1,
                &Gil {
                    waiting: 1.0,
                    ..TURNS
                },
            ),
            python(1, &LOCKED),
            python(
                1,
                &Python {
                    waiting: 1.0,
                    ..LOCKED
                },
            ),
            spread(1, &[2.0; 3]),
            sharing(1, 2.0),
            order(1, 7),
        ] {
            assert!(said.contains("ith one core"), "{said}");
        }
    }

    #[test]
    fn what_is_not_measured_is_not_said() {
        for gained in [
            Gil {
                computing: 1.5,
                ..TURNS
            },
            Gil {
                waiting: 1.1,
                ..TURNS
            },
            Gil {
                native: 1.1,
                ..TURNS
            },
            Gil { free: 1.1, ..TURNS },
        ] {
            assert!(gil(2, &gained).contains("does not show"));
        }
        for gained in [
            Python {
                waiting: 1.1,
                ..LOCKED
            },
            Python {
                threads: 1.5,
                ..LOCKED
            },
            Python {
                processes: 1.1,
                ..LOCKED
            },
            Python {
                gil: false,
                ..LOCKED
            },
        ] {
            assert!(python(2, &gained).contains("does not show"));
        }
        assert!(spread(2, &[1.9, 1.1, 1.9]).contains("does not show"));
        assert!(sharing(2, 1.0).contains("does not show"));
        assert!(order(2, 1).contains("one order this time"));
    }
}
