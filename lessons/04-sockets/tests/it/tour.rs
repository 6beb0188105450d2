//! The tour, run as a reader runs it.

use std::os::fd::OwnedFd;
use std::process::Command;

use crate::common::{run, run_into};

fn tour(flags: &[&str]) -> (String, String, Option<i32>) {
    let output = run(Command::new(env!("CARGO_BIN_EXE_lesson-04-sockets")).args(flags));
    let text = |bytes| String::from_utf8(bytes).expect("the tour prints UTF-8");
    (
        text(output.stdout),
        text(output.stderr),
        output.status.code(),
    )
}

#[test]
fn every_part_of_the_tour_succeeds() {
    let parts = [
        "calls", "file", "pieces", "faults", "framing", "closing", "address", "signals",
        "nagle", "udp", "unix", "counter", "python", "silence",
    ];
    for part in parts {
        let (shown, said, code) = tour(&[part]);
        assert_eq!((said.as_str(), code), ("", Some(0)), "{part}: {shown}");
        assert!(shown.lines().count() > 3, "{part}: {shown}");
        let widest = shown.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{part}: {widest:?} columns: {shown}");
        let last = shown.trim_end().split("\n\n").last().unwrap_or_default();
        assert!(last.starts_with("Next: "), "{part}: {shown}");
        assert!(
            !shown.contains('\u{1b}'),
            "{part}: colors in a pipe: {shown:?}"
        );
    }
}

#[test]
fn help_fits_80_columns() {
    let (help, _, code) = tour(&["--help"]);
    assert_eq!(code, Some(0), "{help}");
    for line in help.lines() {
        assert!(line.chars().count() <= 80, "too wide: {line}");
    }
}

#[test]
fn an_unknown_flag_is_reported_in_one_line() {
    for flags in [
        &["bits"][..],
        &["--bytes", "64"],
        &["--questions", "many"],
        &["measure", "luck"],
        &["--fast"],
    ] {
        let (shown, said, code) = tour(flags);
        assert_eq!((shown.as_str(), code), ("", Some(2)), "{flags:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{flags:?}: {said}");
        assert!(
            said.starts_with("lesson 04: ") && said.contains("--help"),
            "{flags:?}: {said}"
        );
    }
}

#[test]
fn a_closed_output_does_not_make_the_tour_panic() {
    let tour = env!("CARGO_BIN_EXE_lesson-04-sockets");
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().expect("two sockets");
    drop(ours);
    let output = run_into(
        Command::new(tour).args(["pieces"]),
        OwnedFd::from(theirs).into(),
    );
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success(), "{:?}", output.status);
}

#[test]
#[cfg(target_os = "linux")]
fn too_few_descriptors_are_reported_in_one_line() {
    // Enough for the three that every program has, and for one socket.
    let tour = format!(
        "ulimit -n 4; exec {} calls",
        env!("CARGO_BIN_EXE_lesson-04-sockets")
    );
    let output = run(Command::new("sh").args(["-c", &tour]));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        (said.lines().count(), output.status.code()),
        (1, Some(2)),
        "{said}"
    );
    assert!(
        said.contains("Too many open files") && said.contains("ulimit -n"),
        "{said}"
    );
}
