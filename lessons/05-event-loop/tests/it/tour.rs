//! The tour, as a reader starts it.

use std::process::Command;

use crate::common::within;

fn tour(flags: &[&str]) -> (String, String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lesson-05-event-loop"));
    command.args(flags);
    let output =
        within(&format!("{command:?}"), move || command.output()).expect("it was built");
    let text = |bytes| String::from_utf8(bytes).expect("the tour prints UTF-8");
    (
        text(output.stdout),
        text(output.stderr),
        output.status.code(),
    )
}

/// Checks that the tour wraps its lines and ends with what to read or try next.
fn fits_80_columns(part: &str, shown: &str) {
    for line in shown.lines() {
        assert!(line.chars().count() <= 80, "{part}: {line}");
    }
    let last = shown.lines().last().unwrap_or_default();
    assert!(last.starts_with("Next: "), "{part}: {last}");
}

#[test]
fn every_part_succeeds_and_fits_80_columns() {
    for part in [
        "readiness",
        "trigger",
        "timers",
        "wake",
        "files",
        "slow",
        "executor",
        "cancel",
    ] {
        let (shown, said, code) = tour(&[part]);
        assert_eq!((said.as_str(), code), ("", Some(0)), "{part}: {shown}");
        assert!(shown.lines().count() > 3, "{part}: {shown}");
        assert!(
            !shown.contains('\u{1b}'),
            "{part}: colors in a pipe: {shown:?}"
        );
        fits_80_columns(part, &shown);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn one_thread_holds_many_connections_and_drops_none() {
    let (shown, said, code) = tour(&["hold", "--connections", "2000"]);
    assert_eq!((said.as_str(), code), ("", Some(0)), "{shown}");
    assert!(shown.contains("still open at the end"), "{shown}");
    fits_80_columns("hold", &shown);
}

#[test]
fn a_python_without_gevent_is_reported() {
    let (shown, said, code) = tour(&["echo", "--python", "no-such-python"]);
    assert_eq!((said.as_str(), code), ("", Some(0)), "{shown}");
    assert!(
        shown.contains("skipped: no-such-python has no gevent"),
        "{shown}"
    );
    fits_80_columns("echo", &shown);
}

#[test]
fn an_invalid_flag_is_reported_in_one_line() {
    for flags in [
        &["bits"][..],
        &["--connections", "0"],
        &["--in-flight", "many"],
        &["measure", "luck"],
        &["--fast"],
    ] {
        let (shown, said, code) = tour(flags);
        assert_eq!((shown.as_str(), code), ("", Some(2)), "{flags:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{flags:?}: {said}");
        assert!(
            said.starts_with("lesson 05: ") && said.contains("--help"),
            "{flags:?}: {said}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn more_connections_than_the_limit_are_refused_in_one_line() {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
    if limit.is_none_or(|limit| limit > 50_000) {
        eprintln!("skipped: the hard limit of open files is above what can be asked for");
        return;
    }
    let (_, said, code) = tour(&["hold", "--connections", "50000"]);
    assert_eq!(code, Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.starts_with("lesson 05: ") && said.contains("ulimit"),
        "{said}"
    );
}
