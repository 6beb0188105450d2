//! A handler's log lines name the client that it works for, if a subscriber wants spans.
//! This is a program of its own, because `tracing` may keep from all threads a span that one
//! thread's subscriber does not want.

#[path = "it/support/mod.rs"]
mod support;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use socket_io::{DisconnectReason, Io, Socket};
use support::{Client, calm, serve, until};

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
    fn line_with(&self, text: &str) -> Option<String> {
        let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let line = log.lines().find(|line| line.contains(text));
        line.map(ToOwned::to_owned)
    }
}

#[tokio::test]
async fn a_line_of_a_handler_or_of_middleware_names_the_session() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _listening = tracing::subscriber::set_default(subscriber);
    let io = Io::new(calm());
    let main = io.of("/", |socket| {
        tracing::info!("connected");
        socket.on("hello", async |_: Socket| {
            tokio::task::yield_now().await;
            tracing::info!("in a handler");
        });
        socket.on_disconnect(async |_: Socket, _: DisconnectReason| {
            tracing::info!("in the last handler");
        });
    });
    main.middleware(async |_: Socket| {
        tracing::info!("in middleware");
        Ok(())
    });
    let address = serve(&io).await;
    let mut client = Client::new(address).await;
    client.send(r#"2["hello"]"#).await;
    until("the handler", || log.line_with("in a handler").is_some()).await;
    client.vanish();
    let last = "in the last handler";
    until("the end", || log.line_with(last).is_some()).await;
    for text in ["connected", "in middleware", "in a handler", last] {
        let line = log.line_with(text).unwrap_or_default();
        assert!(line.contains("session{id="), "{line:?}");
    }
}
