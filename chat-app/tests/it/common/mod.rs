//! The common parts of the chat's tests.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod client;
pub(crate) mod program;
pub(crate) mod services;

use std::path::Path;
use std::time::Duration;

use chat_app::limits::Limits;
use chat_app::presence::Timing;
use chat_app::store::Store;
use chat_app::{Chat, Options};
use engine_io::ServeLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long anything in a test may take before the test has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Waits for what a test expects, and fails when it does not come.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let result = tokio::time::timeout(DEADLINE, future).await;
    result.unwrap_or_else(|_| panic!("waited {DEADLINE:?} for {what}"))
}

/// A chat for tests: no limits, and only short delays.
pub(crate) fn quick() -> Options {
    Options {
        limits: Limits::NONE,
        timing: Timing {
            debounce: Duration::from_millis(20),
            gather: Duration::from_millis(40),
            linger: Duration::from_millis(500),
        },
        ..Options::default()
    }
}

/// Serves a chat until the test ends. Returns the port.
pub(crate) async fn serve(store: &Store, options: Options) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let Chat { filter, tasks, .. } = Chat::new(store.clone(), options);
    tokio::spawn(async move {
        let forever = std::future::pending();
        let served =
            engine_io::run(listener, filter, ServeLimits::default(), forever).await;
        drop(tasks);
        served
    });
    port
}

/// A store that forgets everything.
pub(crate) fn memory() -> Store {
    Store::open(Path::new(":memory:")).unwrap()
}

/// An answer to an HTTP request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

/// Sends one HTTP request, byte for byte as given, and reads the answer.
pub(crate) async fn exchange(port: u16, request: &str) -> Answer {
    soon("an HTTP answer", async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        }
    })
    .await
}

/// `GET path`, with more header lines if any (each ends with `\r\n`).
pub(crate) async fn get(port: u16, path: &str, headers: &str) -> Answer {
    exchange(
        port,
        &format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n{headers}\r\n"),
    )
    .await
}

/// `POST path` with a form, with more header lines if any.
pub(crate) async fn post(port: u16, path: &str, headers: &str, form: &str) -> Answer {
    let length = form.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n{headers}\r\n{form}"
    );
    exchange(port, &request).await
}

/// Sends Engine.IO packets to a session, over polling.
pub(crate) async fn post_packets(port: u16, session: &str, packets: &str) -> Answer {
    let length = packets.len();
    let request = format!(
        "POST /socket.io/?EIO=4&transport=polling&sid={session} HTTP/1.1\r\n\
         Host: localhost:{port}\r\nConnection: close\r\n\
         Content-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{packets}"
    );
    exchange(port, &request).await
}
