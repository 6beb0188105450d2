//! Memory that a crowd took goes back to the system when the crowd has gone.
//!
//! `SESSIONS=1000 cargo test -p chat-app --test it memory:: -- --nocapture` prints the figures
//! for a larger crowd.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::time::Duration;

use serde_json::{Value, json};

use crate::common::client::Client;
use crate::common::program::Program;
use crate::common::{get, post_packets, soon};

/// Rooms with as long a history as a room has.
const ROOMS: [&str; 3] = ["a", "b", "c"];
const MEGABYTE: u64 = 1 << 20;

/// Resident memory of the program, in bytes.
fn resident(program: &Program) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.id()));
    let status = status.unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() * 1024
}

/// Waits until the program's memory is as the test wants it.
async fn until(what: &str, program: &Program, enough: impl Fn(u64) -> bool) -> u64 {
    soon(what, async {
        loop {
            let now = resident(program);
            if enough(now) {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
}

#[tokio::test]
async fn memory_of_sessions_that_never_fetch_goes_back_to_the_system() {
    let sessions = std::env::var("SESSIONS").map_or(100, |count| count.parse().unwrap());
    let flags = "--port 0 --database :memory: --log off --no-limits";
    let flags: Vec<_> = flags.split(' ').collect();
    let program = Program::start(&flags).await;
    let long = "\u{1f980}".repeat(4000);
    for room in ROOMS {
        let mut ann = Client::seated(program.port, room, "Ann").await;
        for _ in 0..16 {
            let answer = ann.call("user message", json!([long])).await;
            assert_eq!(answer[0], json!(true));
        }
    }
    let before = resident(&program);

    let mut open = Vec::new();
    for _ in 0..sessions {
        let path = "/socket.io/?EIO=4&transport=polling";
        let handshake = get(program.port, path, "").await.body;
        let handshake: Value = serde_json::from_str(&handshake[1..]).unwrap();
        let sid = handshake["sid"].as_str().unwrap().to_owned();
        let joins = ROOMS.map(|room| format!(r#"42/chat,["join","{room}"]"#));
        let packets = format!("40/chat,{{}}\x1e{}", joins.join("\x1e"));
        post_packets(program.port, &sid, &packets).await;
        open.push(sid);
    }
    let taken = sessions * 3 * 200 * 1024;
    let peak = until("the histories", &program, |now| now > before + taken).await;
    for sid in open {
        post_packets(program.port, &sid, "1").await;
    }
    let kept = taken / 4;
    let after = until("the memory to go back", &program, |now| now < before + kept).await;
    println!(
        "{sessions} sessions: {} MB before, {} MB with them, {} MB after",
        before / MEGABYTE,
        peak / MEGABYTE,
        after / MEGABYTE
    );
}
