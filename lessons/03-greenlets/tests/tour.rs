//! The tour as a reader calls it, and the end of a stack.

mod deadline;

use deadline::{tour, tour_into};
use greenlets::stack;

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
        text.contains("was cancelled where it waited") && text.contains("10 ended well"),
        "{text}"
    );
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
fn a_reader_who_has_seen_enough_ends_the_tour_quietly() {
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
fn a_stack_that_overflows_ends_its_coroutine_and_drops_nothing() {
    // In a process of its own, for the signal's handler.
    let output = tour(&["overflow"]);
    assert!(output.status.success(), "{}", output.status);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "None, dropped: false"
    );
    assert!(String::from_utf8_lossy(&output.stderr).contains("overflowed its stack"));
}

#[test]
fn a_stack_is_as_deep_as_was_asked() {
    assert_eq!(
        stack::dig_in(1024 * 1024, 500).unwrap(),
        stack::Dug {
            depth: Some(500),
            dropped: true
        }
    );
}
