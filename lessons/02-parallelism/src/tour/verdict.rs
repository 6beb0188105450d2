//! The conclusion of each part of the tour. It depends on what was measured: on a busy
//! machine, or with one core, it says so.
//!
//! All figures are speed-ups: 2 means that two cores did the work of two, 1 means that the
//! threads took turns.

/// From this speed-up on we call it parallel.
const PARALLEL: f64 = 1.4;
/// Up to this speed-up we call it no gain.
const NO_GAIN: f64 = 1.25;

/// The speed-ups of two threads over one.
pub(crate) struct Gil {
    /// CPU-bound, with the lock.
    pub(crate) computing: f64,
    /// Waiting, with the lock.
    pub(crate) waiting: f64,
    /// Native code, with the lock.
    pub(crate) native: f64,
    /// CPU-bound, without the lock.
    pub(crate) free: f64,
}

/// The conclusion about our interpreter.
pub(crate) fn gil(cores: usize, gained: &Gil) -> &'static str {
    let waits = gained.waiting >= PARALLEL;
    if cores == 1 && waits {
        "With one core nothing can compute in parallel, with the lock or without it. Waiting needs no core."
    } else if cores == 1 {
        "With one core nothing can compute in parallel. This run is too noisy to show what threads gain by waiting."
    } else if waits
        && gained.native >= PARALLEL
        && gained.computing <= NO_GAIN
        && gained.free >= PARALLEL
    {
        "With the lock, CPU-bound programs are concurrent but not parallel. Waiting and native code are both, because they release the lock."
    } else {
        "This run does not show what the lock does: the machine is busy, or --rounds is too small."
    }
}

/// The speed-ups of two threads or processes of Python.
pub(crate) struct Python {
    /// Whether this Python has its lock.
    pub(crate) gil: bool,
    /// Waiting, in threads.
    pub(crate) waiting: f64,
    /// CPU-bound, in threads.
    pub(crate) threads: f64,
    /// CPU-bound, in processes.
    pub(crate) processes: f64,
}

/// The conclusion about Python.
pub(crate) fn python(cores: usize, gained: &Python) -> &'static str {
    let (waits, spreads) = (gained.waiting >= PARALLEL, gained.processes >= PARALLEL);
    if cores == 1 && waits {
        "Threads help a program that waits. With one core nothing helps a program that computes."
    } else if cores == 1 {
        "With one core nothing can compute in parallel. This run is too noisy to show what threads gain by waiting."
    } else if gained.gil && waits && spreads && gained.threads <= NO_GAIN {
        "Threads help a Python program that waits. One that computes needs processes, or a Python without the GIL."
    } else if !gained.gil && waits && spreads && gained.threads >= PARALLEL {
        "This Python has no GIL: threads help programs that wait and programs that compute."
    } else {
        "This run does not show what threads and processes gain: the machine is busy, or --rounds is too small."
    }
}

/// The conclusion about the three ways to use all cores.
pub(crate) fn spread(cores: usize, gained: &[f64]) -> &'static str {
    if cores == 1 {
        "Three ways, one result. With one core none of them can be faster."
    } else if gained.iter().all(|gained| *gained >= PARALLEL) {
        "Three ways, one result, and each is faster than one thread."
    } else {
        "Three ways, one result. This run does not show that all of them are faster: the machine is busy."
    }
}

/// The conclusion about counters in one cache line; `gained` is the speed-up of giving each
/// its own.
pub(crate) fn sharing(cores: usize, gained: f64) -> &'static str {
    if cores == 1 {
        "No counter is shared. With one core no other core can take the cache line away."
    } else if gained >= PARALLEL {
        "No counter is shared, but side by side they share a cache line, and the cores take it from each other."
    } else {
        "No counter is shared. This run does not show what a shared cache line costs: the machine is busy."
    }
}

/// The conclusion about determinism; `orders` is the number of different orders seen.
pub(crate) fn order(cores: usize, orders: usize) -> &'static str {
    match (cores, orders) {
        (_, ..=1) => {
            "Collected results are always in order. The effects came in one order this time, but nothing guarantees it for the next run."
        }
        (1, _) => {
            "With one core the workers only take turns. Even so, effects come in different orders."
        }
        _ => {
            "Collected results are always in order. Effects are not, and a floating-point sum depends on the order of its additions."
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
    fn a_conclusion_follows_from_what_was_measured() {
        assert!(gil(2, &TURNS).contains("concurrent but not parallel"));
        assert!(python(2, &LOCKED).contains("needs processes"));
        let free = Python {
            gil: false,
            threads: 1.8,
            ..LOCKED
        };
        assert!(python(2, &free).contains("has no GIL"));
        assert!(spread(2, &[1.9, 1.8, 1.9]).contains("each is faster"));
        assert!(sharing(2, 2.5).contains("share a cache line"));
        assert!(order(2, 7).contains("Effects are not"));
    }

    #[test]
    fn with_one_core_every_conclusion_says_so() {
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
    fn a_noisy_run_claims_nothing() {
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
