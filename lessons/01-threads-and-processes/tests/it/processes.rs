//! Processes: pipes both ways, and how one ends. Also the tour, as a reader runs it.
#![cfg(unix)]

use std::os::fd::OwnedFd;
use std::process::Command;

use units::process::{Ending, Said, pipe_holds};

use crate::deadline::{in_time, tour, tour_into};

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script);
    command
}

/// Runs a program as the lesson does, with a deadline.
fn run(mut command: Command, input: &[u8]) -> std::io::Result<Said> {
    let input = input.to_vec();
    in_time(&format!("{command:?}"), move || {
        units::process::run(&mut command, &input)
    })
}

#[test]
#[cfg(target_os = "linux")]
fn a_pipe_holds_64_kib_before_the_writer_has_to_wait() {
    let held = in_time("filling a pipe without blocking", pipe_holds).unwrap();
    // pipe(7): 16 pages, and some processors have larger pages.
    assert!(
        held == 65_536 || cfg!(not(target_arch = "x86_64")),
        "{held}"
    );
}

#[test]
fn input_and_output_can_be_larger_than_a_pipe() {
    let input = vec![b'x'; 3_000_000];
    let said = run(shell("cat"), &input).unwrap();
    assert_eq!(
        (said.output.len(), said.ending),
        (input.len(), Ending::Code(0))
    );
}

#[test]
fn a_child_that_does_not_read_its_input_is_not_an_error() {
    let said = run(shell("echo done"), &vec![b'x'; 3_000_000]).unwrap();
    assert_eq!(
        (said.output.as_slice(), said.ending),
        (&b"done\n"[..], Ending::Code(0))
    );
}

#[test]
fn exit_codes_and_signals_are_distinguished() {
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
fn a_missing_program_is_an_error() {
    let error = run(Command::new("no-such-program-anywhere"), b"").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn the_tour_shows_every_part_in_80_columns() {
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
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
    }
    assert!(
        text.lines()
            .last()
            .is_some_and(|line| line.starts_with("Next: cargo test --test ex01_squares")),
        "the last line says what to do next: {text}"
    );
}

#[test]
fn the_help_fits_80_columns() {
    for arguments in [&["--help"][..], &["help", "counter"], &["help", "measure"]] {
        let help = String::from_utf8(tour(arguments).stdout).unwrap();
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
        }
    }
}

#[test]
fn column_heads_stand_over_their_columns() {
    let output = tour(&["--times", "100", "counter"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines().skip_while(|line| !line.contains("address"));
    let (head, first) = (lines.next().unwrap(), lines.next().unwrap());
    assert_eq!(head.find("address"), first.find("0x"), "{head}\n{first}");
    assert_eq!(
        head.len(),
        first.len(),
        "values end under `value`\n{head}\n{first}"
    );
}

#[test]
fn a_wrong_flag_is_reported_in_one_line_with_status_2() {
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
fn the_tour_ends_quietly_when_its_output_is_closed() {
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
