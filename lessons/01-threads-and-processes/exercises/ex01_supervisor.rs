//! # Restart a program that crashes
//!
//! Keep a program running. `start` returns the command for each attempt; its argument is
//! the attempt's number, counted from 0.
//!
//! - A program that exits with code 0 is done.
//! - Exit code 2 means, by convention, that the program was called wrongly. Starting it
//!   again would not help, so give up at once.
//! - Any other exit code is a crash, and so is any signal. Start the program again, at
//!   most `restarts` times.
//! - Before each restart, call `pause`, which stands for `thread::sleep`. The first pause
//!   is `FIRST_PAUSE`, and each further one is twice as long as the one before it, but
//!   never longer than `LONGEST_PAUSE`.
//! - If any attempt cannot be started, the first or a later one, return the error.
//!
//! Report how each attempt ended, in order.
//!
//! Try it: `cargo test --test ex01_supervisor`

use std::io;
use std::process::Command;
use std::time::Duration;

use units::process::Ending;

/// The pause before the first restart.
pub const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// No pause is longer than this.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How a supervised program fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How each attempt ended, in order.
    pub endings: Vec<Ending>,
    /// Whether the last attempt exited with code 0.
    pub done: bool,
}

/// Runs a program until it succeeds, or until trying again would be pointless.
///
/// # Errors
/// Returns an error if an attempt cannot be started.
pub fn supervise(
    restarts: u32,
    mut start: impl FnMut(u32) -> Command,
    mut pause: impl FnMut(Duration),
) -> io::Result<Report> {
    // Remove this line: it only tells the compiler that these will be used.
    let _ = (&mut start, &mut pause, Ending::of);
    todo!("exercise ex01_supervisor: up to {restarts} restarts")
}
