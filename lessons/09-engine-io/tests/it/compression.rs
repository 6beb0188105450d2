//! Compression over a real connection: of messages, and of polling answers.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use engine_io::{
    CloseReason, Config, EncodedMessage, HttpCompression, PerMessageDeflate,
};
use flate2::read::{GzDecoder, ZlibDecoder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use websocket::{Deflate, Limits, Message, OpCode, WebSocket, encode_masked_frame};

use crate::support::{PATIENCE, TestServer, calm, soon, start};

fn with_deflate() -> Config {
    Config {
        per_message_deflate: Some(PerMessageDeflate::default()),
        ..calm()
    }
}

fn with_http() -> Config {
    Config {
        http_compression: Some(HttpCompression::default()),
        ..calm()
    }
}

/// A stream that remembers what was read.
struct Recorded {
    stream: TcpStream,
    read: Arc<Mutex<Vec<u8>>>,
}

impl Read for Recorded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.read.lock().unwrap().extend(&buffer[..count]);
        Ok(count)
    }
}

impl Write for Recorded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Lesson 07's own client, past the session's handshake.
struct Client {
    socket: WebSocket<Recorded>,
    read: Arc<Mutex<Vec<u8>>>,
}

impl Client {
    fn connect(address: SocketAddr, query: &str, offer: Option<Deflate>) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let read = Arc::default();
        let recorded = Recorded {
            stream,
            read: Arc::clone(&read),
        };
        let path = format!("/engine.io/?EIO=4&transport=websocket{query}");
        let host = address.to_string();
        let limits = Limits {
            max_message: 10_000_000,
            ..Limits::default()
        };
        let socket =
            WebSocket::connect_with(recorded, &host, &path, limits, offer).unwrap();
        Self { socket, read }
    }

    fn open(address: SocketAddr, offer: Option<Deflate>) -> Self {
        let mut client = Self::connect(address, "", offer);
        assert!(client.text().starts_with("0{"));
        client
    }

    fn send(&mut self, text: &str) {
        self.socket.send(&Message::Text(text.to_owned())).unwrap();
    }

    fn text(&mut self) -> String {
        match self.socket.read() {
            Ok(Some(Message::Text(text))) => text,
            other => panic!("expected text, got {other:?}"),
        }
    }

    /// What came since the last call.
    fn wire(&self) -> Vec<u8> {
        std::mem::take(&mut self.read.lock().unwrap())
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    soon("a blocking client", tokio::task::spawn_blocking(work))
        .await
        .unwrap()
}

fn long() -> String {
    "4tea or cake? ".repeat(1000)
}

#[tokio::test(flavor = "multi_thread")]
async fn long_messages_are_compressed_both_ways_and_short_ones_are_not() {
    let mut server = start(with_deflate()).await;
    let address = server.address;
    let mut client =
        blocking(move || Client::open(address, Some(Deflate::default()))).await;
    let session = server.opened().await;
    let _still_here = blocking(move || {
        client.wire();
        for _ in 0..3 {
            client.send(&long());
            assert_eq!(client.text(), long());
            let wire = client.wire();
            assert_eq!(wire[0], 0xc1);
            assert!(wire.len() < long().len() / 10, "{} bytes", wire.len());
        }
        client.send("4short");
        assert_eq!(client.text(), "4short");
        assert_eq!(client.wire(), b"\x81\x064short");
        client
    })
    .await;
    // Every byte of the budget has come back.
    soon("the budget", async {
        while !session.send_volatile(&[EncodedMessage::text("")]) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_compressed_unless_both_sides_want_it() {
    for (config, offer) in [
        (calm(), Some(Deflate::default())),
        (with_deflate(), None),
        // A frame for all has the largest window.
        (
            with_deflate(),
            Some(Deflate {
                server_max_window_bits: Some(10),
                ..Deflate::default()
            }),
        ),
    ] {
        let server = start(config).await;
        let address = server.address;
        blocking(move || {
            let mut client = Client::open(address, offer);
            let handshake = String::from_utf8_lossy(&client.wire()).into_owned();
            assert!(!handshake.contains("permessage-deflate"), "{handshake}");
            client.send(&long());
            assert_eq!(client.text(), long());
            assert_eq!(client.wire()[..2], [0x81, 126]);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_opened_by_polling_is_compressed_after_its_upgrade() {
    let mut server = start(with_deflate()).await;
    let sid = server.open().await;
    let address = server.address;
    blocking(move || {
        let query = format!("&sid={sid}");
        let mut client = Client::connect(address, &query, Some(Deflate::default()));
        client.send("2probe");
        assert_eq!(client.text(), "3probe");
        client.send("5");
        client.wire();
        client.send(&long());
        assert_eq!(client.text(), long());
        assert!(client.wire().len() < long().len() / 10);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_gain_nothing_or_are_marked_or_are_huge_go_as_they_are() {
    let mut server = start(with_deflate()).await;
    let address = server.address;
    let mut client =
        blocking(move || Client::open(address, Some(Deflate::default()))).await;
    let session = server.opened().await;
    let mut noise = 1_u32;
    let noise: Vec<u8> = (0..3000)
        .map(|_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            noise.to_be_bytes()[0]
        })
        .collect();
    let huge = "x".repeat(65 * 1024);
    let marked = EncodedMessage::text(&long()).uncompressed();
    session.send(&EncodedMessage::binary(&noise)).unwrap();
    session.send(&marked).unwrap();
    session.send(&EncodedMessage::text(&huge)).unwrap();
    blocking(move || {
        client.wire();
        let binary = client.socket.read().unwrap();
        assert_eq!(binary, Some(Message::Binary(noise)));
        assert_eq!(client.text(), format!("4{}", long()));
        assert_eq!(client.text().len(), huge.len() + 1);
        assert!(client.wire().len() > 3000 + long().len() + huge.len());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_reaches_clients_with_and_without_compression() {
    let mut server = start(with_deflate()).await;
    let address = server.address;
    let offers = [
        Some(Deflate::default()),
        None,
        Some(Deflate::NO_CONTEXT),
        Some(Deflate::default()),
    ];
    let clients = blocking(move || {
        offers.map(|offer| {
            let client = Client::open(address, offer);
            client.wire();
            client
        })
    })
    .await;
    let mut sessions = Vec::new();
    for _ in offers {
        sessions.push(server.opened().await);
    }
    let mut polling = server.open().await;
    let by_polling = server.opened().await;
    for number in 0..20 {
        let text = format!("{number} {}", long());
        let message = EncodedMessage::text(&text).shared();
        for session in &sessions {
            session.send(&message).unwrap();
        }
        by_polling.send(&message).unwrap();
    }
    let body = server.poll(&polling).await.body;
    assert_eq!(body.split('\x1e').count(), 20);
    polling.clear();
    let received = blocking(move || {
        clients.map(|mut client| {
            for number in 0..20 {
                assert_eq!(client.text(), format!("4{number} {}", long()));
            }
            (client.wire().len(), client)
        })
    })
    .await;
    let sizes = received.each_ref().map(|(size, _)| *size);
    assert!(sizes[0] < 20 * long().len() / 10, "{sizes:?}");
    assert!(sizes[1] > 20 * long().len(), "{sizes:?}");
    assert_eq!((sizes[0], sizes[0]), (sizes[2], sizes[3]));
    for session in sessions {
        soon("the budget", async {
            while !session.send_volatile(&[EncodedMessage::text("")]) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_ends_the_session_of_its_client() {
    let mut server = start(with_deflate()).await;
    let address = server.address;
    let mut client =
        blocking(move || Client::open(address, Some(Deflate::default()))).await;
    let session = server.opened().await;
    let close = blocking(move || {
        // Ten times what is allowed.
        client.send(&"4".repeat(10_000_000));
        assert!(matches!(client.socket.read(), Ok(None)));
        client.socket.close_frame().cloned()
    })
    .await;
    assert_eq!(close.map(|frame| frame.code.0), Some(1009));
    assert_eq!(server.closed().await, CloseReason::MessageTooLarge);
    assert!(session.is_closed());
    server.still_serves().await;
}

#[tokio::test]
async fn a_compressed_frame_without_an_agreement_is_refused() {
    let mut server = start(with_deflate()).await;
    let mut client = server.websocket().await;
    let mut frame = encode_masked_frame(OpCode::Text, [1, 2, 3, 4], b"\0").to_vec();
    frame[0] |= 0x40;
    client.send_raw(&frame).await;
    assert_eq!(client.end().await, Some(1002));
    assert_eq!(server.closed().await, CloseReason::TransportError);
}

// --- Polling ---

/// Polls, and returns the headers and the body as bytes.
async fn poll(server: &TestServer, sid: &str, accept: &str) -> (String, Vec<u8>) {
    let request = format!(
        "GET /engine.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: {}\r\n\
         Connection: close\r\n{accept}\r\n",
        server.address
    );
    let mut stream = server.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    soon("an answer", read).await.unwrap();
    let end = bytes.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    let body = bytes.split_off(end);
    (String::from_utf8(bytes).unwrap().to_lowercase(), body)
}

async fn answer(config: Config, size: usize, accept: &str) -> (String, Vec<u8>) {
    let mut server = start(config).await;
    let sid = server.open().await;
    let session = server.opened().await;
    session
        .send(&EncodedMessage::text(&"x".repeat(size - 1)))
        .unwrap();
    poll(&server, &sid, accept).await
}

fn body(size: usize) -> String {
    format!("4{}", "x".repeat(size - 1))
}

#[tokio::test]
async fn a_poll_is_answered_in_the_coding_that_the_client_likes_best() {
    for size in [1024, 500_000] {
        let (head, gzip) =
            answer(with_http(), size, "Accept-Encoding: gzip, deflate\r\n").await;
        assert!(head.contains("\r\ncontent-encoding: gzip\r\n"), "{head}");
        assert!(head.contains("\r\nvary: accept-encoding\r\n"), "{head}");
        assert!(gzip.len() < size / 10, "{} bytes", gzip.len());
        let mut text = String::new();
        GzDecoder::new(&gzip[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, body(size));

        let accept = "Accept-Encoding: gzip;q=0.5\r\nAccept-Encoding: deflate\r\n";
        let (head, deflate) = answer(with_http(), size, accept).await;
        assert!(head.contains("\r\ncontent-encoding: deflate\r\n"), "{head}");
        let mut text = String::new();
        ZlibDecoder::new(&deflate[..])
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, body(size));
    }
}

#[tokio::test]
async fn a_poll_is_answered_as_it_is_where_compression_is_not_wanted() {
    let gzip = "Accept-Encoding: gzip\r\n";
    for (config, size, accept) in [
        (calm(), 5000, gzip),
        (with_http(), 1023, gzip),
        (with_http(), 5000, ""),
        (with_http(), 5000, "Accept-Encoding: gzip;q=0, br\r\n"),
    ] {
        let (head, plain) = answer(config, size, accept).await;
        assert!(!head.contains("content-encoding"), "{head}");
        assert_eq!(plain, body(size).as_bytes());
    }
}
