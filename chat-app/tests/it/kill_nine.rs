//! A message acknowledged is a message stored: also when the program is killed in the
//! middle of a stream of them.

use std::collections::HashMap;

use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::common;
use crate::common::client::Client;
use crate::common::program::Program;

const SENDERS: usize = 4;
/// How many acknowledgements to wait for before the kill.
const ENOUGH: usize = 200;

/// Sends without waiting for answers until the connection ends. Reports each acknowledged
/// text with its id.
async fn stream(
    port: u16,
    nickname: String,
    acknowledged: mpsc::UnboundedSender<(i64, String)>,
) {
    let mut client = Client::seated(port, "lobby", &nickname).await;
    let mut texts = HashMap::new();
    let mut number = 0;
    loop {
        // A few ahead, so that the kill finds messages on their way, in the queue and in
        // the transaction.
        while texts.len() < 8 {
            let text = format!("{nickname} {number}");
            number += 1;
            let arguments = json!([text, id_of(&text)]);
            texts.insert(client.start_call("user message", arguments).await, text);
        }
        let Some((call, answer)) = client.answer().await else {
            return;
        };
        assert_eq!(answer[0], json!(true));
        let _ = acknowledged
            .send((answer[1].as_i64().unwrap(), texts.remove(&call).unwrap()));
    }
}

/// The id that a page gives the message.
fn id_of(text: &str) -> String {
    text.replace(' ', "-")
}

#[tokio::test]
async fn an_acknowledged_message_survives_and_is_stored_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("chat.db");
    let arguments = [
        "--port",
        "0",
        "--log",
        "warn",
        "--no-limits",
        "--database",
        database.to_str().unwrap(),
    ];

    let mut program = Program::start(&arguments).await;
    let (report, mut reports) = mpsc::unbounded_channel();
    for number in 0..SENDERS {
        tokio::spawn(stream(
            program.port,
            format!("sender{number}"),
            report.clone(),
        ));
    }
    drop(report);
    let mut acknowledged = Vec::new();
    while acknowledged.len() < ENOUGH {
        acknowledged.push(
            common::soon("an acknowledgement", reports.recv())
                .await
                .unwrap(),
        );
    }
    program.signal("KILL").await;
    program.end().await;
    // Messages that were acknowledged while the signal was on its way count, too.
    while let Some(report) = common::soon("the senders' end", reports.recv()).await {
        acknowledged.push(report);
    }

    let restarted = Program::start(&arguments).await;
    let db = Connection::open(&database).unwrap();
    let mut rows = db
        .prepare("SELECT id, text FROM messages ORDER BY id")
        .unwrap();
    let rows = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    let stored: Vec<(i64, String)> = rows.collect::<Result<_, _>>().unwrap();

    for (id, text) in &acknowledged {
        let found: Vec<_> = stored.iter().filter(|(_, stored)| stored == text).collect();
        assert_eq!(
            found,
            [&(*id, text.clone())],
            "acknowledged, so stored, once, under the id that was told"
        );
    }
    for number in 0..SENDERS {
        let prefix = format!("sender{number} ");
        let numbers = stored
            .iter()
            .filter_map(|(_, text)| text.strip_prefix(&prefix));
        let numbers: Vec<u64> = numbers.map(|number| number.parse().unwrap()).collect();
        assert!(
            numbers.is_sorted_by(|a, b| a + 1 == *b),
            "in the order of sending, none left out: {numbers:?}"
        );
    }

    // A page without an answer asks again, and gets the same number.
    let mut client = Client::seated(restarted.port, "lobby", "sender0").await;
    for (number, text) in acknowledged.iter().take(20) {
        let again = client
            .call("user message", json!([text, id_of(text)]))
            .await;
        assert_eq!(again, [json!(true), json!(number)]);
    }

    // And the page gets it: the history is the end of what is stored.
    let mut client = Client::connect(restarted.port, json!({})).await;
    client.call("join", json!(["lobby"])).await;
    let history = client.event("history").await;
    let history = history[0]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| (&message["id"], &message["text"]));
    let end: Vec<_> = stored[stored.len() - 50..]
        .iter()
        .map(|(id, text)| (json!(id), json!(text)))
        .collect();
    assert!(history.eq(end.iter().map(|(id, text): &(Value, Value)| (id, text))));
}
