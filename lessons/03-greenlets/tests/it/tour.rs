//! The tour as a reader runs it, and a stack that overflows.

use greenlets::stack;

use crate::deadline::{tour, tour_into};

#[test]
fn the_tour_ends_well() {
    let output = tour(&[]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("[12, 56, 34]") && text.contains("10 sold"),
        "{text}"
    );
    assert!(
        text.contains("was cancelled at its wait") && text.contains("10 succeeded"),
        "{text}"
    );
    assert!(
        text.lines()
            .last()
            .is_some_and(|line| line.starts_with("Next: cargo test --test ex03_turns")),
        "the last line says what to do next: {text}"
    );
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
    }
}

#[test]
fn the_first_program_sleeps_in_both_coroutines() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_tea-and-toast"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<_> = text.lines().collect();
    // On a busy machine both can wake so late that the tea is first.
    lines[..2].sort_unstable();
    assert_eq!(
        lines,
        [
            "The tea is ready.",
            "The toast is ready.",
            "3 cups of tea and 2 slices of toast.",
        ]
    );
}

#[test]
fn the_help_fits_80_columns() {
    for arguments in [&["--help"][..], &["measure", "--help"]] {
        let text = String::from_utf8(tour(arguments).stdout).unwrap();
        assert!(text.contains("Usage:"), "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
        }
    }
}

#[test]
fn a_bad_argument_is_one_line_and_status_2() {
    let output = tour(&["measure", "nothing"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.starts_with("lesson 03: invalid value 'nothing'") && said.contains("--help"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
#[cfg(unix)]
fn the_tour_ends_quietly_when_its_output_is_closed() {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    drop(ours);
    let output = tour_into(&["switch"], std::os::fd::OwnedFd::from(theirs).into());
    assert_eq!(
        (
            String::from_utf8_lossy(&output.stderr).as_ref(),
            output.status.code()
        ),
        ("", Some(0))
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_stack_overflow_ends_the_coroutine_and_drops_nothing() {
    // In its own process, because of the signal handler.
    let output = tour(&["overflow"]);
    assert!(output.status.success(), "{}", output.status);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "overflowed, values lost"
    );
    assert!(String::from_utf8_lossy(&output.stderr).contains("overflowed its stack"));
}

#[test]
fn a_stack_has_the_size_that_was_asked_for() {
    assert_eq!(
        stack::dig_in(1024 * 1024, 500).unwrap(),
        stack::Dug {
            depth: Some(500),
            dropped: true
        }
    );
}
