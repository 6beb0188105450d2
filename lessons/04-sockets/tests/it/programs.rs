//! The programs, run as a reader runs them: with each other, with the talk's own in
//! Python, and with `nc`.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;

use crate::common::{Program, deaf_port, has, run, within};

fn server(flags: &[&str]) -> (Program, u16) {
    Program::serve(
        Command::new(env!("CARGO_BIN_EXE_server"))
            .args(["--port", "0"])
            .args(flags),
    )
}

fn client(port: u16, flags: &[&str]) -> (String, String, Option<i32>) {
    let port = port.to_string();
    let output = run(Command::new(env!("CARGO_BIN_EXE_client"))
        .args(["--port", &port])
        .args(flags));
    let text = |bytes| String::from_utf8(bytes).expect("the client speaks UTF-8");
    (
        text(output.stdout),
        text(output.stderr),
        output.status.code(),
    )
}

fn python(script: &str) -> Command {
    let mut python = Command::new("python3");
    python.arg(format!("{}/python/{script}", env!("CARGO_MANIFEST_DIR")));
    python
}

#[test]
fn the_client_gets_its_line_back_from_every_library() {
    for with in ["rustix", "std"] {
        let (mut server, port) = server(&["--with", with]);
        for with in ["rustix", "std"] {
            let (answer, remarks, code) = client(port, &["--with", with, "hello"]);
            assert_eq!(
                (answer.as_str(), remarks.as_str(), code),
                ("hello\n", "", Some(0))
            );
            assert_eq!(server.line(), "hello");
        }
    }
}

#[test]
fn the_server_exits_after_the_given_number_of_clients() {
    let (mut server, port) = server(&["--clients", "2"]);
    for _ in 0..2 {
        assert_eq!(client(port, &[]).0, "hello\n");
    }
    assert!(server.ended_well());
}

#[test]
fn a_silent_client_does_not_delay_the_others() {
    let (mut server, port) = server(&[]);
    let silent = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
    assert_eq!(client(port, &["me first"]).0, "me first\n");
    assert_eq!(server.line(), "me first");
    drop(silent);
}

#[test]
fn a_client_that_is_silent_for_too_long_is_closed() {
    for with in ["rustix", "std"] {
        let (_server, port) = server(&["--with", with, "--timeout", "1"]);
        let mut silent =
            TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
        let count = within("the server closes", move || {
            silent.read(&mut [0; 8]).expect("an orderly end")
        });
        assert_eq!(count, 0, "the end was due and nothing else");
    }
}

#[test]
fn a_client_with_an_endless_line_is_disconnected_and_the_others_are_served() {
    let (mut server, port) = server(&[]);
    let mut stranger =
        TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
    within("the server closes", move || {
        // The server stops reading and closes, so at some point a write fails.
        while stranger.write_all(&[b'a'; 1000]).is_ok() {}
    });
    assert_eq!(client(port, &["still there?"]).0, "still there?\n");
    assert_eq!(server.line(), "still there?");
}

#[test]
fn our_server_understands_the_talks_python_client() {
    if !has("python3") {
        return;
    }
    for flags in [
        &["--as-shown"][..],
        &["--as-shown", "--with", "std"],
        &[],
        &["--with", "std"],
    ] {
        let (mut server, port) = server(flags);
        assert!(
            run(python("client.py").arg(port.to_string()))
                .status
                .success()
        );
        assert_eq!(server.line(), "hello", "{flags:?}");
    }
}

#[test]
fn the_talks_python_server_understands_our_client() {
    if !has("python3") {
        return;
    }
    let (mut server, port) = Program::serve(python("server.py").arg("0"));
    for with in ["rustix", "std"] {
        assert_eq!(
            client(port, &["--as-shown", "--with", with, "hello from Rust"]).2,
            Some(0)
        );
        assert_eq!(server.line(), "hello from Rust");
    }
}

#[test]
fn the_client_reports_that_no_answer_came() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = silent.local_addr().expect("it has one").port();
    for with in ["rustix", "std"] {
        let (answer, remarks, code) = client(port, &["--with", with, "--timeout", "1"]);
        assert_eq!((answer.as_str(), code), ("", Some(2)));
        assert!(
            remarks.contains("no line came back within 1 s"),
            "{remarks:?}"
        );
        assert_eq!(remarks.lines().count(), 1, "{remarks:?}");
    }
}

#[test]
fn nc_gets_its_line_back() {
    if !has("nc") {
        return;
    }
    // Not every `nc` half-closes when its input ends: then the server's timeout ends the
    // conversation.
    let (mut server, port) = server(&["--timeout", "2"]);
    let line = format!("echo hello | nc -w 5 127.0.0.1 {port}");
    let output = run(Command::new("sh").args(["-c", &line]));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "hello\n");
    assert_eq!(server.line(), "hello");
}

#[test]
fn an_impossible_request_is_reported_in_one_line() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = taken.local_addr().expect("it has one").port().to_string();
    let (_held, nobody) = deaf_port();
    let nobody = nobody.to_string();
    let server = env!("CARGO_BIN_EXE_server");
    let client = env!("CARGO_BIN_EXE_client");
    for (program, flags, word) in [
        (server, vec!["--port", &port], "--port"),
        (server, vec!["--port", &port, "--with", "std"], "--port"),
        (server, vec!["--port", &port, "--as-shown"], "--port"),
        (server, vec!["--bind", "192.0.2.1"], "--bind"),
        (server, vec!["--timeout", "0"], "--timeout"),
        (server, vec!["--prot", "1"], "--help"),
        (client, vec!["--port", &nobody], "--bin server"),
        (
            client,
            vec!["--port", &nobody, "--as-shown", "--with", "std"],
            "--bin server",
        ),
        (client, vec!["--port", "70000"], "--port"),
        (client, vec!["two\nlines", "--port", &port], "one line"),
    ] {
        let output = run(Command::new(program).args(&flags));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{flags:?}: {said}");
        assert!(said.contains(word), "{flags:?}: {said}");
    }
}

#[test]
fn the_server_reports_a_client_that_ends_in_the_middle_of_a_line() {
    let (mut server, port) = server(&["--clients", "1"]);
    let mut half = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
    half.write_all(b"one\ntw").expect("the server reads");
    half.shutdown(Shutdown::Write).expect("it is open");
    let mut back = String::new();
    half.read_to_string(&mut back)
        .expect("the server answers and closes");
    assert_eq!(back, "one\ntw");
    assert_eq!(
        (server.line(), server.line()),
        ("one".to_owned(), "tw".to_owned())
    );
    assert!(server.remarks().contains("in the middle of a line"));
    assert!(server.ended_well());
}

#[test]
fn the_telnet_counter_counts_for_a_client() {
    let mut counter = Command::new(env!("CARGO_BIN_EXE_telnet-counter"));
    let (mut counter, port) = Program::serve(counter.args([
        "--port",
        "0",
        "--numbers",
        "3",
        "--pause",
        "1",
        "--clients",
        "1",
    ]));
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let text = within("it counts and closes", move || {
        let mut text = String::new();
        stream
            .read_to_string(&mut text)
            .expect("text, then the end");
        text
    });
    assert_eq!(text, "Hello. I count.\r\n1\r\n2\r\n3\r\n");
    assert!(counter.ended_well());
}
