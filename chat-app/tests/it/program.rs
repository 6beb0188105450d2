//! The program as its user meets it: flags, lines, exit statuses, the end.

use std::collections::BTreeSet;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::common::client::Client;
use crate::common::program::{Program, fill, full_disk, printed, refused, stalled_pipe};
use crate::common::{self, get, soon};

const TOO_MANY_ROOMS: &str = "Your network has made as many rooms as it may";
const QUIET: [&str; 6] = ["--port", "0", "--database", ":memory:", "--log", "off"];

#[tokio::test]
async fn what_cannot_be_is_said_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.db");
    std::fs::write(&text, "longer than the header of a database. ".repeat(10)).unwrap();
    // Without IPv6 the refusal has another cause and the same beginning.
    let taken6 = TcpListener::bind("[::1]:0").await;
    let port6 = taken6
        .as_ref()
        .map_or(5000, |it| it.local_addr().unwrap().port());
    let port6 = port6.to_string();
    let cases: [(&[&str], &str); 8] = [
        (
            &["--port", &port6, "--bind", "::1"],
            &format!("cannot listen on [::1]:{port6} "),
        ),
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

/// What only the feature `cluster` brings is refused without it, before anything is done.
#[cfg(not(feature = "cluster"))]
#[tokio::test]
async fn without_the_feature_a_cluster_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chat.db");
    let file = file.to_str().unwrap();
    let secret = "postgres://chat:secret@db.example/chat";
    let cases: [(&[&str], &str); 4] = [
        (
            &["--database", file, "--redis", "redis://:secret@r"],
            "--redis: ",
        ),
        (&["--database", file, "--redis", "nonsense"], "--redis: "),
        (&["--database", secret], "postgres: "),
        (&["--database", "postgresql://nowhere/chat"], "postgresql: "),
    ];
    for (flags, what) in cases {
        let (status, said) = refused(&[flags, &["--port", "0"]].concat()).await;
        assert_eq!(status, Some(2), "{said}");
        let expected = format!("chat-app: {what}this program was built without ");
        assert!(said.starts_with(&expected), "{said}");
        assert!(
            said.ends_with("; build it with `--features cluster`\n"),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
    assert!(!std::path::Path::new(file).exists(), "a database was made");
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

/// Afterwards one file is all that there is.
#[cfg(unix)]
#[tokio::test]
async fn a_clean_end_leaves_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("chat.db");
    let flags = ["--port", "0", "--database", database.to_str().unwrap()];
    let mut program = Program::start(&flags).await;
    let mut ann = Client::seated(program.port, "lobby", "Ann").await;
    ann.call("user message", json!(["kept"])).await;
    program.signal("TERM").await;
    let (status, ()) = tokio::join!(program.end(), ann.ended());
    assert!(status.success(), "{status}");
    let files: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    assert_eq!(files, ["chat.db"]);
    let text: String = Connection::open(&database)
        .unwrap()
        .query_one("SELECT text FROM messages", [], |row| row.get(0))
        .unwrap();
    assert_eq!(text, "kept");
}

/// A shell allows a program 1,024 files, often, and the program may raise that itself.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn all_open_files_that_the_system_allows_are_used() {
    let program = Program::with_open_files(64, &QUIET).await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", program.id()));
    let limits = limits.unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let fields: Vec<_> = line.unwrap().split_whitespace().collect();
    assert_eq!(fields[3], fields[4], "soft and hard: {fields:?}");
}

/// A server that comes back is greeted by all of its clients in the same moment.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn five_hundred_connect_before_the_first_is_accepted() {
    let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
    if allowed.trim().parse::<u32>().unwrap() < 1024 {
        eprintln!("skipped: net.core.somaxconn is below 1024");
        return;
    }
    let program = Program::start(&QUIET).await;
    program.signal("STOP").await;
    let mut waiting = Vec::new();
    for _ in 0..500 {
        let connect = TcpStream::connect(("127.0.0.1", program.port));
        waiting.push(soon("a place in the backlog", connect).await.unwrap());
    }
    program.signal("CONT").await;
    assert_eq!(get(program.port, "/", "").await.status, 200);
}

/// A client that does not hang up delays the end, until a second signal.
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

/// A client causes log lines, the chat still works, and a signal ends the program.
#[cfg(target_os = "linux")]
async fn works_and_ends(mut program: Program) {
    let mut ann = Client::seated(program.port, "lobby", "Ann").await;
    for _ in 0..100 {
        let answer = ann.call("user message", json!([{ "not": "text" }])).await;
        assert_eq!(answer[0], json!(false), "{answer:?}");
    }
    let answer = ann.call("user message", json!(["hi"])).await;
    assert_eq!(answer[0], json!(true), "{answer:?}");
    assert_eq!(get(program.port, "/", "").await.status, 200);
    program.signal("TERM").await;
    let (status, ()) = tokio::join!(program.end(), ann.ended());
    assert!(status.success(), "{status}");
}

const TALKATIVE: [&str; 6] = ["--port", "0", "--database", ":memory:", "--log", "debug"];

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_log_that_nobody_reads_stops_nothing() {
    let (_reader, writer) = stalled_pipe();
    works_and_ends(Program::logging_to(writer, &TALKATIVE).await).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_log_whose_reader_is_gone_stops_nothing() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    works_and_ends(Program::logging_to(writer, &TALKATIVE).await).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_log_on_a_full_disk_stops_nothing() {
    works_and_ends(Program::logging_to(full_disk(), &TALKATIVE).await).await;
}

/// As with `chat-app 2>&1 | less`: both go into one pipe, and its reader stalls when the
/// first line has been read.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn standard_output_that_nobody_reads_stops_nothing() {
    let (reader, writer) = std::io::pipe().unwrap();
    let program = Program::writing_to(reader, &writer, &TALKATIVE).await;
    fill(&writer);
    works_and_ends(program).await;
}

/// The store's own thread logs a failure of the database, and everything depends on that
/// thread.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_failed_transaction_that_cannot_be_logged_is_not_the_end_of_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("chat.db");
    let flags = ["--port", "0", "--database", database.to_str().unwrap()];
    let mut program = Program::logging_to(full_disk(), &flags).await;
    let mut ann = Client::seated(program.port, "lobby", "Ann").await;
    let other = Connection::open(&database).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(
        ann.call("user message", json!(["lost"])).await,
        [
            json!(false),
            json!("That could not be done. Another program holds the server's database"),
            json!("later"),
            json!(5)
        ]
    );
    other.execute_batch("ROLLBACK").unwrap();
    let answer = ann.call("user message", json!(["kept"])).await;
    assert_eq!(answer[0], json!(true), "{answer:?}");
    program.signal("TERM").await;
    let (status, ()) = tokio::join!(program.end(), ann.ended());
    assert!(status.success(), "{status}");
}

/// A refusal that cannot be written is still a refusal.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_wrong_flag_exits_with_2_even_if_nothing_can_be_written() {
    let status = common::program::exit_status(full_disk(), &["--nonsense"]).await;
    assert_eq!(status.code(), Some(2));
    let (_reader, writer) = stalled_pipe();
    let status = common::program::exit_status(writer, &["--nonsense"]).await;
    assert_eq!(status.code(), Some(2));
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

/// A port that was asked for is that port or none. Without one, the chat finds a free
/// port when the usual one is taken.
#[tokio::test]
async fn a_free_port_is_found_when_the_usual_one_is_taken() {
    // Whoever has it, it is taken now.
    let _taken = TcpListener::bind("127.0.0.1:5000").await;
    let program = Program::start(&["--database", ":memory:", "--log", "off"]).await;
    assert_ne!(program.port, 5000);
    assert_eq!(get(program.port, "/", "").await.status, 200);
    let asked = ["--port", "5000", "--database", ":memory:", "--log", "off"];
    let (status, said) = refused(&asked).await;
    assert_eq!(status, Some(2));
    assert!(said.contains("cannot listen on 127.0.0.1:5000"), "{said}");
}

#[tokio::test]
async fn flags_are_checked() {
    for (flags, reason) in [
        (
            ["--origin", "chat.example"],
            "an origin starts with https://",
        ),
        (["--origin", "https://chat.example/room"], "without a path"),
        (["--admin-token", "short"], "at least 16 characters"),
    ] {
        let (status, said) = refused(&flags).await;
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains(reason), "{said}");
    }
}

/// Each limit has its own flag: all of them are different here.
#[tokio::test]
async fn each_limit_is_a_flag_and_holds() {
    let flags = "--port 0 --database :memory: --log off --messages-per-minute 3 \
                 --renames-per-minute 4 --joins-per-minute 5 --new-rooms-per-minute 2 \
                 --reads-per-minute 6 --people-per-address 100 \
                 --connections-per-address 7 --rooms-per-address 8 --away-per-address 1";
    let flags: Vec<_> = flags.split_whitespace().collect();
    let program = Program::start(&flags).await;
    let port = program.port;
    // She has joined, which made a room, and has taken a nickname.
    let mut ann = Client::seated(port, "lobby", "Ann").await;
    let calls = [
        ("user message", 3, "Too many messages. "),
        ("nickname", 3, "Too many nicknames. "),
        ("people", 6, "Too many requests. "),
        ("join", 1, "Too many new rooms. "),
    ];
    for (event, allowed, reason) in calls {
        for number in 0..=allowed {
            let arguments = match event {
                "people" => json!([]),
                _ => json!([format!("{event} {number}")]),
            };
            let answer = ann.call(event, arguments).await;
            let said = answer[1..].iter().find_map(|it| it.as_str());
            let refused = answer[0] == json!(false);
            assert_eq!(refused, number == allowed, "{event} {number}: {answer:?}");
            assert!(!refused || said.unwrap().starts_with(reason), "{answer:?}");
        }
    }
    // Two visits are left.
    for (room, allowed) in [("lobby", true), ("join 0", true), ("lobby", false)] {
        let answer = ann.call("join", json!([room])).await;
        assert_eq!(answer[0], json!(allowed), "{room}: {answer:?}");
    }

    // Of eight rooms there are two. Each of these people makes two more, but for the last.
    let mut people = Vec::new();
    for number in 0..4 {
        let secret = json!({ "person": format!("the secret of guest {number}") });
        let mut guest = Client::connect(port, secret).await;
        for room in 0..2 {
            let room = format!("room {room} of {number}");
            let answer = guest.call("join", json!([room])).await;
            assert_eq!(answer[0], json!(number < 3), "{room}: {answer:?}");
            assert!(
                number < 3 || answer[1] == json!(TOO_MANY_ROOMS),
                "{answer:?}"
            );
        }
        guest.call("join", json!(["lobby"])).await;
        guest
            .call("nickname", json!([format!("Guest {number}")]))
            .await;
        people.push(guest);
    }

    // Five connections of seven.
    let handshake = "/socket.io/?EIO=4&transport=polling";
    for expected in [200, 200, 429] {
        assert_eq!(get(port, handshake, "").await.status, expected);
    }

    // The name of the first who leaves is kept, and that of the second is not.
    for (number, kept) in [(0, true), (1, false)] {
        people.remove(0).disconnect().await;
        let left = format!("chat_sockets {}", 4 - number);
        soon("the end of a connection", async {
            while !get(port, "/metrics", "").await.body.contains(&left) {
                sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        let mut other = Client::connect(port, json!({})).await;
        other.call("join", json!(["lobby"])).await;
        let name = json!([format!("Guest {number}")]);
        let answer = other.call("nickname", name).await;
        assert_eq!(answer[0], json!(!kept), "{answer:?}");
        other.disconnect().await;
    }
}

#[tokio::test]
async fn a_log_of_json_has_an_object_in_each_line() {
    let flags = "--port 0 --database :memory: --log-format json";
    let flags: Vec<_> = flags.split(' ').collect();
    let program = Program::start(&flags).await;
    program.signal("INT").await;
    let log = program.log().await;
    assert!(!log.is_empty());
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(
            line["level"].is_string() && line["timestamp"].is_string(),
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_supervisor_sees_health_and_metrics() {
    let token = "a token of this test";
    let flags = [
        "--port",
        "0",
        "--database",
        ":memory:",
        "--admin-token",
        token,
    ];
    let program = Program::start(&flags).await;
    let mut ann = Client::seated(program.port, "lobby", "Ann").await;
    ann.call("user message", json!(["hi"])).await;
    ann.call("user message", json!([" "])).await;

    let health = get(program.port, "/health", "").await;
    assert_eq!(
        (health.status, health.body.as_str()),
        (200, r#"{"status":"ok"}"#)
    );
    assert_eq!(get(program.port, "/metrics", "").await.status, 401);
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let metrics = get(program.port, "/metrics", &bearer).await;
    assert_eq!(metrics.status, 200);
    let kind = metrics.header("content-type").unwrap();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    for line in [
        "chat_messages_total 1",
        "chat_refused_total{kind=\"refused\"} 1",
        "chat_rooms 1",
        "chat_people 1",
        "chat_sockets 1",
        "# TYPE chat_store_transaction_seconds histogram",
        // The layers below.
        "socket_io_sockets 1",
        "socket_io_received_events_total 4",
        "engine_io_sessions{transport=\"websocket\"} 1",
        "engine_io_queue_bytes 0",
    ] {
        let found = metrics.body.lines().any(|it| it == line);
        assert!(found, "{line} is missing in {}", metrics.body);
    }
}

/// The writer of PostgreSQL counts as that of a file does.
#[cfg(all(unix, feature = "cluster"))]
#[tokio::test]
async fn with_postgresql_each_message_has_a_wait_and_a_transaction() {
    let Some(postgres) = common::services::Postgres::start().await else {
        return;
    };
    let address = postgres.address();
    let flags = ["--port", "0", "--log", "off", "--database", &address];
    let program = Program::start(&flags).await;
    let mut ann = Client::seated(program.port, "lobby", "Ann").await;
    for text in ["one", "two", "three"] {
        let answer = ann.call("user message", json!([text])).await;
        assert_eq!(answer[0], json!(true), "{answer:?}");
    }
    let metrics = get(program.port, "/metrics", "").await.body;
    for line in [
        "chat_store_wait_seconds_count 3",
        "chat_store_transaction_seconds_count 3",
        "chat_store_jobs_total 3",
    ] {
        assert!(metrics.lines().any(|it| it == line), "{line}: {metrics}");
    }
}

/// Each metric has a text in the answer and a line in the documentation, and what is
/// documented is there.
#[tokio::test]
async fn every_metric_is_described() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("chat.db");
    let limit = "--port 0 --log off --messages-per-minute 1 --database";
    let mut flags: Vec<_> = limit.split(' ').collect();
    flags.push(database.to_str().unwrap());
    let program = Program::start(&flags).await;
    // Counters appear when they count: a message, one too many, and a failure.
    let mut ann = Client::seated(program.port, "lobby", "Ann").await;
    for _ in 0..2 {
        ann.call("user message", json!(["hi"])).await;
    }
    let other = Connection::open(&database).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    ann.call("join", json!(["new"])).await;
    let metrics = get(program.port, "/metrics", "").await.body;

    let documented = include_str!("../../src/ops.rs").lines();
    let documented: BTreeSet<_> = documented
        .filter_map(|line| line.strip_prefix("//! | `")?.split('`').next())
        .collect();
    let described: BTreeSet<_> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next())
        .collect();
    let shown = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    for name in shown {
        assert!(described.contains(name), "{name} has no text");
        let below = ["engine_io_", "socket_io_"];
        let documented = documented.contains(name)
            || below.iter().any(|layer| name.starts_with(layer));
        assert!(documented, "{name} is not documented");
    }
    for name in documented {
        assert!(
            described.contains(name),
            "{name} is documented, and missing"
        );
    }
}

/// An operator sees connections, rooms and packets, and can end a connection.
#[tokio::test]
async fn an_operator_watches() {
    let token = "a token of this test";
    let flags = [
        "--port",
        "0",
        "--database",
        ":memory:",
        "--admin-token",
        token,
    ];
    let program = Program::start(&flags).await;
    let mut ann = Client::seated(program.port, "Lobby", "Ann").await;
    for auth in [json!({}), json!({ "token": "a guess" })] {
        let refused = Client::connect_to(program.port, "/admin", auth).await;
        let refused = refused.err().unwrap();
        assert_eq!(refused["message"], json!("Wrong token"));
    }
    let auth = json!({ "token": token });
    let mut admin = Client::connect_to(program.port, "/admin", auth)
        .await
        .unwrap();
    admin.event("report").await;
    ann.call("user message", json!(["in private"])).await;
    let (mut report, mut packets) = (json!(null), Vec::new());
    while packets.len() < 2 {
        report = admin.event("report").await.swap_remove(0);
        packets.extend(report["packets"].as_array().unwrap().clone());
    }
    assert_eq!(report["connections"][0]["nickname"], json!("Ann"));
    assert_eq!(report["connections"][0]["room"], json!("lobby"));
    assert_eq!(report["rooms"][0]["name"], json!("Lobby"));
    assert_eq!(packets[0]["event"], json!("user message"));
    assert_eq!(packets[1]["event"], json!("msg_to_room"));
    assert!(!report.to_string().contains("in private"), "{report}");
    let id = report["connections"][0]["id"].clone();
    assert_eq!(admin.call("end", json!([id])).await, [json!(true)]);
    ann.ended().await;
    assert_eq!(get(program.port, "/admin", "").await.status, 200);
}

#[tokio::test]
async fn without_a_token_there_is_no_admin() {
    let program = Program::start(&QUIET).await;
    assert_eq!(get(program.port, "/admin", "").await.status, 404);
    let refused = Client::connect_to(program.port, "/admin", json!({})).await;
    assert_eq!(
        refused.err().unwrap()["message"],
        json!("Invalid namespace")
    );
    assert_eq!(get(program.port, "/metrics", "").await.status, 200);
}

#[tokio::test]
async fn the_doctor_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("chat.db");
    let path = database.to_str().unwrap();
    let (status, report) =
        printed(&["--doctor", "--port", "0", "--database", path]).await;
    assert_eq!(status, Some(0), "{report}");
    assert!(report.contains("ok    port 0"), "{report}");
    assert!(!database.exists(), "a doctor leaves nothing behind");
    let bad = [
        "--doctor",
        "--port",
        "0",
        "--database",
        "no/such/folder/chat.db",
    ];
    let (status, report) = printed(&bad).await;
    assert_eq!(status, Some(1), "{report}");
    assert!(
        report.contains("bad   no/such/folder/chat.db: cannot"),
        "{report}"
    );
}
