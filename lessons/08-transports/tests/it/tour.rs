//! The program, as a reader runs it.

use std::net::TcpListener;
use std::process::Command;

fn tour() -> Command {
    Command::new(env!("CARGO_BIN_EXE_lesson-08-transports"))
}

#[test]
fn the_tour_shows_every_part_in_80_columns() {
    let output = tour().args(["--events", "20"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for part in [
        "The same events",
        "Choosing a transport",
        "The Flash policy server",
        "Next: ",
    ] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "over 80 columns: {line}");
    }
}

#[test]
fn a_port_in_use_is_reported_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = tour()
        .args(["serve", "--policy-port", "0", "--port", &port])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.starts_with("lesson 08: cannot listen on port") && text.lines().count() == 1,
        "{text}"
    );
}
