//! Amdahl's law: what cannot be spread sets the limit.

// ANCHOR: law
/// How many times faster `cores` make a job of which `serial` (from 0 to 1) has to be
/// done by one alone.
pub fn speedup(serial: f64, cores: f64) -> f64 {
    1.0 / (serial + (1.0 - serial) / cores)
}

/// The serial part that explains a measured speed-up, from 0 to 1.
pub fn serial_part(measured: f64, cores: f64) -> f64 {
    if cores <= 1.0 {
        return 1.0;
    }
    ((cores / measured - 1.0) / (cores - 1.0)).clamp(0.0, 1.0)
}
// ANCHOR_END: law

/// The serial part that explains several measured speed-ups best, from 0 to 1; each is a
/// number of cores and what was measured with them.
///
/// The time it takes, 1 divided by the speed-up, grows with the serial part in a straight
/// line: so the least squares of the differences in time have one answer, and nothing has
/// to be searched.
pub fn fit(measured: &[(f64, f64)]) -> f64 {
    let (mut both, mut squares) = (0.0, 0.0);
    for (cores, speedup) in measured {
        // With no serial part it takes 1 / cores; with nothing else, 1.
        let spread = 1.0 - 1.0 / cores;
        both += spread * (1.0 / speedup - 1.0 / cores);
        squares += spread * spread;
    }
    if squares == 0.0 {
        1.0
    } else {
        (both / squares).clamp(0.0, 1.0)
    }
}
