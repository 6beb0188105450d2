//! Amdahl's law: what cannot be spread sets the limit.

// ANCHOR: law
/// How many times faster `cores` make a job of which `serial` (from 0 to 1) has to be done by one alone.
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
