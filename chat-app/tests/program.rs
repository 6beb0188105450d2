//! The program as its user meets it: flags, lines, exit statuses, the end.

mod common;

use common::client::Client;
use common::program::{Program, refused};
use common::soon;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

const QUIET: [&str; 6] = ["--port", "0", "--database", ":memory:", "--log", "off"];

#[tokio::test]
async fn what_cannot_be_is_said_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.db");
    std::fs::write(&text, "longer than the header of a database. ".repeat(10)).unwrap();
    let cases: [(&[&str], &str); 7] = [
        (&["--port", &port], "cannot listen on 127.0.0.1:"),
        (&["--port", "70000"], "invalid value '70000'"),
        (&["--transports", "pigeon"], "invalid value 'pigeon'"),
        (&["--nonsense"], "unexpected argument '--nonsense'"),
        (
            &["--client", "no/such/file.js"],
            "cannot read no/such/file.js",
        ),
        (
            &["--database", "no/such/folder/chat.db"],
            "no/such/folder/chat.db: cannot be opened or created",
        ),
        (
            &["--database", text.to_str().unwrap()],
            "not a chat database",
        ),
    ];
    for (arguments, expected) in cases {
        // The port of a case comes first: given twice, clap would refuse it for that.
        let free = if arguments[0] == "--port" {
            &QUIET[2..]
        } else {
            &QUIET[..2]
        };
        let (status, said) = refused(&[arguments, free].concat()).await;
        assert_eq!(status, Some(2), "{said}");
        let lines: Vec<_> = said.lines().filter(|line| !line.contains("INFO")).collect();
        assert!(
            matches!(lines[..], [line] if line.contains(expected)),
            "{said}"
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_it_and_it_counts() {
    for signal in ["INT", "TERM"] {
        let mut program = Program::start(&QUIET).await;
        let ann = Client::seated(program.port, "lobby", "Ann").await;
        let bob = Client::connect(program.port, json!({})).await;
        program.signal(signal).await;
        let (said, (), ()) = tokio::join!(program.line(), ann.ended(), bob.ended());
        assert_eq!(said.as_deref(), Some("Closed 2 connections"));
        assert!(program.end().await.success());
    }
}

/// A client that does not hang up holds the end up, until somebody insists.
#[cfg(unix)]
#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let mut program = Program::start(&QUIET).await;
    // She reads nothing more, so she does not hang up when she is asked to.
    let _ann = Client::connect(program.port, json!({})).await;
    program.signal("INT").await;
    soon("the door shuts", async {
        while TcpStream::connect(("127.0.0.1", program.port))
            .await
            .is_ok()
        {}
    })
    .await;
    program.signal("INT").await;
    assert_eq!(program.line().await, None, "nothing is counted");
    assert_eq!(program.end().await.code(), Some(130));
}

/// A log at the default level may be shown to anybody: it holds no session's secret and
/// nobody's words.
#[tokio::test]
async fn the_log_keeps_secrets() {
    let program = Program::start(&["--port", "0", "--database", ":memory:"]).await;
    let mut ann = Client::seated(program.port, "lobby", "Ann").await;
    ann.call("user message", json!(["a word in private"])).await;
    let secret = ann.session.clone();
    ann.disconnect().await;
    program.signal("INT").await;
    let log = program.log().await;
    assert!(log.contains("INFO"), "{log}");
    assert!(
        !log.contains(&secret) && !log.contains("a word in private"),
        "{log}"
    );
}
