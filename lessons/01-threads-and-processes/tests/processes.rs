//! Processes: pipes both ways, and how one ends. And the tour, as a reader calls it.
#![cfg(unix)]

use std::process::{Command, Output};
use units::process::{Ending, run};

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script);
    command
}

#[test]
fn more_goes_through_than_a_pipe_holds() {
    let input = vec![b'x'; 3_000_000];
    let said = run(&mut shell("cat"), &input).unwrap();
    assert_eq!((said.output.len(), said.ending), (input.len(), Ending::Code(0)));
}

#[test]
fn a_child_that_does_not_read_is_no_error() {
    let said = run(&mut shell("echo done"), &vec![b'x'; 3_000_000]).unwrap();
    assert_eq!((said.output.as_slice(), said.ending), (&b"done\n"[..], Ending::Code(0)));
}

#[test]
fn codes_and_signals_are_told_apart() {
    assert_eq!(run(&mut shell("exit 3"), b"").unwrap().ending, Ending::Code(3));
    assert_eq!(run(&mut shell("kill -9 $$"), b"").unwrap().ending, Ending::Signal(9));
    assert_eq!(
        (Ending::Code(3).to_string(), Ending::Signal(9).to_string()),
        ("exit code 3".into(), "signal 9".into())
    );
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    let error = run(&mut Command::new("no-such-program-anywhere"), b"").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

fn tour(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lesson-01-threads-and-processes")).args(arguments).output().unwrap()
}

#[test]
fn the_tour_ends_well() {
    let output = tour(&["--times", "100"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "One counter, two threads",
        "One counter, two processes",
        "What the kernel keeps",
        "Pipes",
        "signal 6",
    ] {
        assert!(text.to_lowercase().contains(&part.to_lowercase()), "{part}: {text}");
    }
}

#[test]
fn a_bad_flag_is_one_line_and_status_2() {
    let output = tour(&["--times", "0"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with("error: invalid value '0'") && !error.contains("panicked"), "{error}");
}
