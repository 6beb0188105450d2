//! The tour, started as a reader starts it.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::process::Command;

use crate::common::run;

fn tour(flags: &[&str]) -> (String, String, Option<i32>) {
    let output =
        run(Command::new(env!("CARGO_BIN_EXE_lesson-06-monkey-patching")).args(flags));
    let text = |bytes| String::from_utf8(bytes).expect("the tour prints UTF-8");
    (
        text(output.stdout),
        text(output.stderr),
        output.status.code(),
    )
}

#[test]
fn every_part_runs_and_ends_with_one_thing_to_remember() {
    for part in [
        "sleep", "echo", "preload", "order", "limits", "moves", "cancel", "around",
        "choose",
    ] {
        let (shown, said, code) = tour(&[part]);
        assert_eq!((said.as_str(), code), ("", Some(0)), "{part}: {shown}");
        assert!(shown.lines().count() > 3, "{part}: {shown}");
        assert!(
            !shown.contains('\u{1b}'),
            "{part}: colors in a pipe: {shown:?}"
        );
        let last = shown.trim_end().split("\n\n").last().unwrap_or_default();
        assert!(
            last.lines().all(|line| line.starts_with("  | ")),
            "{part}: the last paragraph is not the thing to remember: {shown}"
        );
    }
}

#[test]
fn the_tour_and_its_help_fit_80_columns_and_the_tour_says_what_is_next() {
    let (shown, said, code) = tour(&[]);
    assert_eq!((said.as_str(), code), ("", Some(0)), "{shown}");
    let (help, _, _) = tour(&["--help"]);
    for line in shown.lines().chain(help.lines()) {
        assert!(line.chars().count() <= 80, "too wide: {line}");
    }
    let last = shown.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("Next: ") && last.contains("ex06_decide"),
        "{shown}"
    );
}

#[test]
fn an_invalid_flag_is_reported_in_one_line() {
    for flags in [
        &["sleeep"][..],
        &["--sleepers", "3"],
        &["--clients", "many"],
        &["--fast"],
    ] {
        let (shown, said, code) = tour(flags);
        assert_eq!((shown.as_str(), code), ("", Some(2)), "{flags:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{flags:?}: {said}");
        assert!(
            said.starts_with("lesson 06: ") && said.contains("--help"),
            "{flags:?}: {said}"
        );
    }
}

#[test]
fn too_few_descriptors_are_reported_in_one_line() {
    for (limit, part) in [(4, "sleep"), (500, "echo"), (500, "preload")] {
        let tour = format!(
            "ulimit -n {limit}; exec {} {part}",
            env!("CARGO_BIN_EXE_lesson-06-monkey-patching")
        );
        let output = run(Command::new("sh").args(["-c", &tour]));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            (said.lines().count(), output.status.code()),
            (1, Some(2)),
            "{part}: {said}"
        );
        assert!(
            said.contains("open files") && said.contains("ulimit"),
            "{part}: {said}"
        );
    }
}
