//! The lines that are logged for a client name that client, if a subscriber wants spans.
//! This is a program of its own, because `tracing` may keep from all threads a span that one
//! thread's subscriber does not want.

#[path = "it/support/mod.rs"]
mod support;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use support::{calm, start};
use tracing::Level;
use tracing::subscriber::DefaultGuard;

/// The log of this thread, on which the server and its clients run.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn listen(&self, level: Level) -> DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_writer(move || log.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn line_with(&self, text: &str) -> String {
        let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let line = log.lines().find(|line| line.contains(text));
        line.unwrap_or_else(|| panic!("no line has {text:?} in\n{log}"))
            .to_owned()
    }
}

#[tokio::test]
async fn a_line_names_the_session_its_address_and_its_transport() {
    let log = Log::default();
    let _listening = log.listen(Level::DEBUG);
    let mut server = start(calm()).await;
    let sid = server.open().await;
    let session = server.opened().await;
    assert!(session.span().is_some());
    let mut socket = server.probe(&sid).await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    socket.send("5").await;
    socket.send("1").await;
    server.closed().await;
    let line = log.line_with("closed");
    let id = format!("session{{id={}…", &sid[..4]);
    for part in [&*id, "remote=127.0.0.1:", "transport=\"websocket\""] {
        assert!(line.contains(part), "{part:?} is not in {line:?}");
    }
    assert!(!line.contains(&sid), "the whole id is a secret");
}

#[tokio::test]
async fn without_a_listener_at_debug_level_a_session_has_no_span() {
    let log = Log::default();
    let _listening = log.listen(Level::INFO);
    let mut server = start(calm()).await;
    server.open().await;
    assert!(server.opened().await.span().is_none());
}
