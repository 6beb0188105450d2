//! What `supervise` has to do. Sections are those of chapter 1. The programs are one-line
//! scripts of `sh`.

use std::io;
use std::process::Command;

use units::process::Ending;

use crate::subject::{Report, supervise};

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script);
    command
}

/// Each attempt runs the next of `scripts`; one too many is an error of the supervisor's.
fn run(restarts: u32, scripts: &[&str]) -> Report {
    supervise(restarts, |attempt| match scripts.get(attempt as usize) {
        Some(script) => shell(script),
        None => panic!(
            "attempt {attempt}, with {restarts} restarts: it should have been given up. See \"A supervisor\"."
        ),
    })
    .expect("sh can be started")
}

fn codes<const N: usize>(codes: [i32; N]) -> Vec<Ending> {
    codes.map(Ending::Code).to_vec()
}

#[test]
fn what_ends_well_is_done() {
    let report = run(3, &["exit 0"]);
    assert_eq!(
        report,
        Report {
            endings: codes([0]),
            done: true
        },
        "nothing crashed. See \"A supervisor\"."
    );
}

#[test]
fn what_crashes_is_started_again() {
    let report = run(3, &["exit 1", "exit 7", "exit 0"]);
    assert_eq!(
        report,
        Report {
            endings: codes([1, 7, 0]),
            done: true
        },
        "the third attempt. See \"A supervisor\"."
    );
}

#[test]
fn a_signal_is_a_crash() {
    let report = run(3, &["kill -9 $$", "exit 0"]);
    let endings = vec![Ending::Signal(9), Ending::Code(0)];
    assert_eq!(
        report,
        Report {
            endings,
            done: true
        },
        "the kernel's kill counts. See \"How a process ends\"."
    );
}

#[test]
fn it_is_given_up_after_so_many_restarts() {
    let report = run(2, &["exit 1", "exit 1", "exit 1"]);
    let expected = Report {
        endings: codes([1, 1, 1]),
        done: false,
    };
    assert_eq!(
        report, expected,
        "two restarts are three attempts. See \"A supervisor\"."
    );
}

#[test]
fn without_restarts_there_is_one_attempt() {
    let report = run(0, &["exit 1"]);
    assert_eq!(
        report,
        Report {
            endings: codes([1]),
            done: false
        },
        "the first start is none. See \"A supervisor\"."
    );
}

#[test]
fn a_wrong_call_is_not_repeated() {
    let report = run(5, &["exit 1", "exit 2"]);
    let expected = Report {
        endings: codes([1, 2]),
        done: false,
    };
    assert_eq!(
        report, expected,
        "it would end so again. See \"A supervisor\"."
    );
}

#[test]
fn attempts_are_counted_from_zero() {
    let mut attempts = Vec::new();
    supervise(2, |attempt| {
        attempts.push(attempt);
        shell("exit 1")
    })
    .expect("sh can be started");
    assert_eq!(
        attempts,
        [0, 1, 2],
        "each attempt is told its number. See \"A supervisor\"."
    );
}

#[test]
fn what_cannot_be_started_is_an_error() {
    let report = supervise(3, |_| Command::new("no-such-program-anywhere"))
        .map_err(|error| error.kind());
    assert_eq!(
        report,
        Err(io::ErrorKind::NotFound),
        "there is no such program. See \"A supervisor\"."
    );
}
