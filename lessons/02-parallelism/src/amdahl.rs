//! Amdahl's law: the part that cannot be spread over cores limits the whole.

// ANCHOR: law
/// Returns how many times faster a job becomes on `cores`, if the fraction `serial` of it
/// (0 to 1) has to run on one core.
pub fn speedup(serial: f64, cores: f64) -> f64 {
    1.0 / (serial + (1.0 - serial) / cores)
}
// ANCHOR_END: law

/// Returns the serial fraction, 0 to 1, that explains a measured speed-up.
pub fn serial_part(measured: f64, cores: f64) -> f64 {
    if cores <= 1.0 {
        return 1.0;
    }
    ((cores / measured - 1.0) / (cores - 1.0)).clamp(0.0, 1.0)
}

/// Returns the serial fraction, 0 to 1, that fits several measured speed-ups best. Each
/// measurement is a number of cores and the speed-up on them.
///
/// The run time, 1 divided by the speed-up, is a linear function of the serial fraction, so
/// the method of least squares has one solution and no search is needed.
pub fn fit(measured: &[(f64, f64)]) -> f64 {
    let (mut both, mut squares) = (0.0, 0.0);
    for (cores, speedup) in measured {
        // Without a serial part the time is 1 / cores; with nothing else, 1.
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
