//! Caught by: a_program_that_goes_missing_later_is_an_error
//!
//! Only the first attempt can be impossible to start.

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
    let mut endings = Vec::new();
    let mut next_pause = FIRST_PAUSE;
    for attempt in 0..=restarts {
        if attempt > 0 {
            pause(next_pause);
            next_pause = (next_pause * 2).min(LONGEST_PAUSE);
        }
        let status = match start(attempt).status() {
            Err(_) if attempt > 0 => break,
            status => status?,
        };
        let ending = Ending::of(status);
        endings.push(ending);
        match ending {
            Ending::Code(0) => {
                return Ok(Report {
                    endings,
                    done: true,
                });
            }
            Ending::Code(2) => break,
            Ending::Code(_) | Ending::Signal(_) => {}
        }
    }
    Ok(Report {
        endings,
        done: false,
    })
}
