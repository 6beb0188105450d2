//! Caught by: without_restarts_there_is_one_attempt
//!
//! One more for luck.

use std::io;
use std::process::Command;

use units::process::Ending;

/// What became of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How each attempt ended, in order.
    pub endings: Vec<Ending>,
    /// Whether the last one ended well.
    pub done: bool,
}

/// Runs a program until it ends well or is given up.
///
/// # Errors
/// When it cannot be started.
pub fn supervise(
    restarts: u32,
    mut start: impl FnMut(u32) -> Command,
) -> io::Result<Report> {
    let mut endings = Vec::new();
    for attempt in 0..=restarts + 1 {
        let ending = Ending::of(start(attempt).status()?);
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
