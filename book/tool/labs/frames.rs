//! Chapter 7's lab: a WebSocket server that tells what it read and what it wrote, bit by
//! bit.
//!
//! The bytes are those on the connection. It is [`websocket::Connection`] that answers
//! them, and [`websocket::inspect`] that names them.

use std::fmt::Write;
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use websocket::{
    CloseCode, Connection, Event, FrameHeader, Limits, Origins, Refusal, Request, inspect,
};

use super::page::Page;

/// The largest message, in bytes: one larger shows how it is refused.
const MAX_MESSAGE: usize = 1000;
/// The most bytes of a frame that are shown.
const SHOWN: usize = 64;
/// How long a browser may take for the handshake, and for an answer to our close frame.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves one page: says where, then a connection at a time.
///
/// # Errors
/// Returns an error if no port is free, or if the listener fails.
pub(crate) async fn lab(mut page: Page) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    page.tell(json!({ "at": format!("ws://{}", listener.local_addr()?) }));
    loop {
        let (stream, _) = tokio::select! {
            accepted = listener.accept() => accepted?,
            // No client is connected yet.
            _ = page.wish() => continue,
        };
        let ended = match talk(stream, &mut page).await {
            Ok(()) => "The connection has ended.".to_owned(),
            Err(error) => format!("The connection broke: {error}."),
        };
        page.tell(json!({ "ended": ended }));
    }
}

async fn talk(mut stream: TcpStream, page: &mut Page) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let Some(early) = timeout(PATIENCE, handshake(&mut stream, page)).await?? else {
        return Ok(());
    };
    let mut wire = Wire {
        connection: Connection::server(Limits {
            max_message: MAX_MESSAGE,
            ..Limits::default()
        }),
        read: Vec::new(),
    };
    wire.receive(early, page);
    let mut buffer = [0; 4096];
    let mut leaving = false;
    loop {
        let output = wire.connection.take_output();
        tell_frames(&mut output.clone(), "server", page);
        stream.write_all(&output).await?;
        if wire.connection.is_closed() {
            return stream.shutdown().await;
        }
        tokio::select! {
            read = timeout(if leaving { PATIENCE } else { Duration::MAX }, stream.read(&mut buffer)) => match read?? {
                0 => return Ok(()),
                len => wire.receive(buffer[..len].to_vec(), page),
            },
            wish = page.wish() => match wish.as_str() {
                // Behind a close frame there is nothing to ask.
                "ping" => { let _ = wire.connection.ping(b"are you there?"); }
                "close" => {
                    wire.connection.close(CloseCode::NORMAL, "that was all");
                    leaving = true;
                }
                _ => {}
            },
        }
    }
}

/// Reads the request and answers it. Returns what came behind it; `None` for one that was
/// refused.
async fn handshake(stream: &mut TcpStream, page: &Page) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    let answer = loop {
        match Request::parse(&head) {
            Ok(Some((request, len))) => {
                let allowed = Origins::Listed(vec![page.origin.clone()]);
                break request
                    .check_origin(&allowed)
                    .map(|()| (request.response(None), len));
            }
            Ok(None) if stream.read_buf(&mut head).await? > 0 => {}
            Ok(None) => return Ok(None),
            Err(refusal) => break Err(refusal),
        }
    };
    let (response, len) = answer.as_ref().map_or_else(
        |refusal: &Refusal| (refusal.response(), head.len()),
        Clone::clone,
    );
    page.tell(json!({
        "handshake": { "request": String::from_utf8_lossy(&head[..len]), "response": String::from_utf8_lossy(&response) }
    }));
    stream.write_all(&response).await?;
    Ok(answer.is_ok().then(|| head.split_off(len)))
}

/// The server's end, and what it has read of a frame that is not whole yet.
struct Wire {
    connection: Connection,
    read: Vec<u8>,
}

impl Wire {
    /// Tells of what came, and answers it: each message goes back as it is.
    fn receive(&mut self, mut bytes: Vec<u8>, page: &Page) {
        self.read.extend_from_slice(&bytes);
        tell_frames(&mut self.read, "browser", page);
        let mut input = bytes.as_mut_slice();
        loop {
            match self.connection.receive(&mut input) {
                Ok(Some(Event::Text(text))) => {
                    let _ = self.connection.text(&text);
                }
                Ok(Some(Event::Binary(bytes))) => {
                    let _ = self.connection.binary(&bytes);
                }
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(error) => {
                    // Of a frame that is refused by its header, the rest is never read.
                    if let Some(frame) = frame(&self.read, "browser") {
                        page.tell(frame);
                    }
                    return page.tell(json!({ "refused": error.to_string() }));
                }
            }
        }
    }
}

/// Tells of the frames that are whole, and takes them off the front of `bytes`.
fn tell_frames(bytes: &mut Vec<u8>, from: &str, page: &Page) {
    while let Ok(Some((header, header_len))) = FrameHeader::parse(bytes) {
        let whole = usize::try_from(header.len)
            .ok()
            .and_then(|len| len.checked_add(header_len));
        let Some(whole) = whole.filter(|len| *len <= bytes.len()) else {
            return;
        };
        if let Some(frame) = frame(&bytes[..whole], from) {
            page.tell(frame);
        }
        bytes.drain(..whole);
    }
}

/// Describes a frame with its fields for the page.
fn frame(bytes: &[u8], from: &str) -> Option<Value> {
    let (fields, len) = inspect(bytes).ok()?;
    let fields: Vec<_> = fields
        .iter()
        .map(|field| {
            json!({
                "name": field.name, "raw": field.raw, "meaning": field.meaning,
                "from": field.bytes.start, "to": field.bytes.end,
            })
        })
        .collect();
    let shown = &bytes[..len.min(SHOWN)];
    let hex = shown.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    Some(
        json!({ "frame": { "by": from, "length": len, "bytes": hex, "fields": fields } }),
    )
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;
    use websocket::OpCode;

    use super::*;

    const ORIGIN: &str = "http://127.0.0.1:3000";

    struct Browser {
        stream: TcpStream,
        told: mpsc::Receiver<Value>,
        wish: mpsc::Sender<String>,
    }

    /// A browser that has sent its handshake from a page of `origin`.
    async fn browser(origin: &str) -> Browser {
        let (page, mut told, wish) = Page::new(ORIGIN.into());
        tokio::spawn(lab(page));
        let at = next(&mut told, "at").await;
        let address = at.as_str().unwrap().strip_prefix("ws://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {address}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        Browser { stream, told, wish }
    }

    /// The next message must be of that kind.
    async fn next(told: &mut mpsc::Receiver<Value>, kind: &str) -> Value {
        let mut what = timeout(PATIENCE, told.recv()).await.unwrap().unwrap();
        assert!(what.get(kind).is_some(), "{what} where {kind} was due");
        what[kind].take()
    }

    fn named<'a>(frame: &'a Value, name: &str) -> (&'a str, &'a str) {
        let fields = frame["fields"].as_array().unwrap();
        let field = fields.iter().find(|field| field["name"] == name).unwrap();
        (
            field["raw"].as_str().unwrap(),
            field["meaning"].as_str().unwrap(),
        )
    }

    #[tokio::test]
    async fn a_page_hears_of_every_frame_both_ways() {
        let mut browser = browser(ORIGIN).await;
        let handshake = next(&mut browser.told, "handshake").await;
        assert!(
            handshake["response"]
                .as_str()
                .unwrap()
                .contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        );

        let sent = websocket::encode_masked_frame(OpCode::Text, [1, 2, 3, 4], b"tea?");
        // In two pieces: a frame is reported only when it is complete.
        browser.stream.write_all(&sent[..3]).await.unwrap();
        browser.stream.flush().await.unwrap();
        browser.stream.write_all(&sent[3..]).await.unwrap();
        let frame = next(&mut browser.told, "frame").await;
        assert_eq!(
            (frame["by"].as_str(), frame["length"].as_u64()),
            (Some("browser"), Some(10))
        );
        assert_eq!(named(&frame, "payload").1, "\"tea?\"");
        assert_eq!(named(&frame, "masking key").0, "01 02 03 04");
        let echo = next(&mut browser.told, "frame").await;
        assert_eq!(
            (echo["by"].as_str(), named(&echo, "MASK").0),
            (Some("server"), "0")
        );

        browser.wish.send("ping".into()).await.unwrap();
        let ping = next(&mut browser.told, "frame").await;
        assert_eq!(named(&ping, "opcode"), ("1001", "ping"));
        browser.wish.send("close".into()).await.unwrap();
        let close = next(&mut browser.told, "frame").await;
        assert_eq!(named(&close, "payload").1, "code 1000, \"that was all\"");
        let answer = websocket::encode_masked_frame(OpCode::Close, [0; 4], &[3, 232]);
        browser.stream.write_all(&answer).await.unwrap();
        next(&mut browser.told, "frame").await;
        next(&mut browser.told, "ended").await;
    }

    #[tokio::test]
    async fn what_is_too_large_is_told_of_and_refused() {
        let mut browser = browser(ORIGIN).await;
        next(&mut browser.told, "handshake").await;
        let sent =
            websocket::encode_masked_frame(OpCode::Binary, [0; 4], &[7; MAX_MESSAGE + 1]);
        browser.stream.write_all(&sent).await.unwrap();
        // Whether its end has come by then or not: the header is enough.
        next(&mut browser.told, "frame").await;
        let mut refused = timeout(PATIENCE, browser.told.recv())
            .await
            .unwrap()
            .unwrap();
        while refused.get("refused").is_none() {
            refused = timeout(PATIENCE, browser.told.recv())
                .await
                .unwrap()
                .unwrap();
        }
        let close = next(&mut browser.told, "frame").await;
        assert!(named(&close, "payload").1.starts_with("code 1009"));
    }

    #[tokio::test]
    async fn a_page_from_elsewhere_is_refused() {
        let mut browser = browser("http://evil.example").await;
        let handshake = next(&mut browser.told, "handshake").await;
        assert!(
            handshake["response"]
                .as_str()
                .unwrap()
                .starts_with("HTTP/1.1 403 ")
        );
        next(&mut browser.told, "ended").await;
    }
}
