//! Processes: pipes both ways, and how one ends. And the tour, as a reader calls it.
#![cfg(unix)]

mod deadline;

use std::os::fd::OwnedFd;
use std::process::Command;

use deadline::{in_time, tour, tour_into};
use units::process::{Ending, Said, pipe_holds};

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script);
    command
}

/// Runs a program as the lesson does, and not for ever.
fn run(mut command: Command, input: &[u8]) -> std::io::Result<Said> {
    let input = input.to_vec();
    in_time(&format!("{command:?}"), move || {
        units::process::run(&mut command, &input)
    })
}

#[test]
#[cfg(target_os = "linux")]
fn a_pipe_holds_64_kib_and_then_the_writer_waits() {
    let held = in_time("who does not wait for a reader", pipe_holds).unwrap();
    // pipe(7): 16 pages, which some other processors have larger.
    assert!(
        held == 65_536 || cfg!(not(target_arch = "x86_64")),
        "{held}"
    );
}

#[test]
fn more_goes_through_than_a_pipe_holds() {
    let input = vec![b'x'; 3_000_000];
    let said = run(shell("cat"), &input).unwrap();
    assert_eq!(
        (said.output.len(), said.ending),
        (input.len(), Ending::Code(0))
    );
}

#[test]
fn a_child_that_does_not_read_is_no_error() {
    let said = run(shell("echo done"), &vec![b'x'; 3_000_000]).unwrap();
    assert_eq!(
        (said.output.as_slice(), said.ending),
        (&b"done\n"[..], Ending::Code(0))
    );
}

#[test]
fn codes_and_signals_are_told_apart() {
    assert_eq!(run(shell("exit 3"), b"").unwrap().ending, Ending::Code(3));
    assert_eq!(
        run(shell("kill -9 $$"), b"").unwrap().ending,
        Ending::Signal(9)
    );
    assert_eq!(
        (Ending::Code(3).to_string(), Ending::Signal(9).to_string()),
        ("exit code 3".into(), "signal 9".into())
    );
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    let error = run(Command::new("no-such-program-anywhere"), b"").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn the_tour_ends_well() {
    let output = tour(&["--times", "100"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "One counter, two threads",
        "One counter, two processes",
        "Copy on write",
        "What the kernel keeps",
        "Pipes",
        "signal 6",
    ] {
        assert!(
            text.to_lowercase().contains(&part.to_lowercase()),
            "{part}: {text}"
        );
    }
}

#[test]
fn a_bad_flag_is_one_line_and_status_2() {
    let output = tour(&["--times", "0"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.starts_with("lesson 01: invalid value '0'") && error.contains("--help"),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn a_reader_who_has_seen_enough_ends_the_tour_quietly() {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    drop(ours);
    let output = tour_into(&["threads"], OwnedFd::from(theirs).into());
    assert_eq!(
        (
            String::from_utf8_lossy(&output.stderr).as_ref(),
            output.status.code()
        ),
        ("", Some(0))
    );
}
