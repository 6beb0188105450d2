//! The other side, without a browser: follows the events over a socket, and counts what
//! that costs.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use websocket::Connection;

use crate::multipart::find;
use crate::{ChunkedDecoder, Event, MultipartParser, Transport};

/// What following cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The events, as they came.
    pub events: Vec<Event>,
    /// From publishing to having, for each event.
    pub latencies: Vec<Duration>,
    /// HTTP requests.
    pub requests: u64,
    /// Bytes that went up: requests with their heads.
    pub sent: u64,
    /// Bytes that came down: heads, framing and events.
    pub received: u64,
}

/// Why it did not go on.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The connection broke, or the deadline passed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server refused, with this status and these words.
    #[error("status {0}: {1}")]
    Refused(u16, String),
    /// What came makes no sense.
    #[error("cannot make sense of the answer: {0}")]
    Garbage(String),
    /// The server says that events are missed.
    #[error("{0}")]
    Missed(String),
}

/// Follows the events behind number `after` until `count` have come, or fails after
/// `deadline`. Blocks.
///
/// # Errors
/// See [`ClientError`].
pub fn follow(
    addr: SocketAddr,
    transport: Transport,
    after: u64,
    count: usize,
    deadline: Duration,
) -> Result<Report, ClientError> {
    let stream = TcpStream::connect_timeout(&addr, deadline)?;
    stream.set_nodelay(true)?;
    let mut wire = Wire {
        stream,
        addr,
        until: Instant::now() + deadline,
        buffer: Vec::new(),
        report: Report::default(),
    };
    match transport {
        Transport::WebSocket => wire.web_socket(after, count)?,
        Transport::LongPolling | Transport::JsonpPolling => {
            wire.poll(transport, after, count)?;
        }
        _ => wire.stream(transport, after, count)?,
    }
    Ok(wire.report)
}

struct Wire {
    stream: TcpStream,
    addr: SocketAddr,
    until: Instant,
    buffer: Vec<u8>,
    report: Report,
}

struct Head {
    status: u16,
    /// `None` for a chunked body.
    length: Option<usize>,
}

impl Wire {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.report.sent += bytes.len() as u64;
        self.stream.write_all(bytes)
    }

    fn read(&mut self) -> io::Result<()> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "no more events within the deadline",
            ));
        }
        self.stream.set_read_timeout(Some(left))?;
        let mut bytes = [0; 16 * 1024];
        let len = self.stream.read(&mut bytes)?;
        if len == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.report.received += len as u64;
        self.buffer.extend_from_slice(&bytes[..len]);
        Ok(())
    }

    fn request(&mut self, path: &str, more: &str) -> Result<Head, ClientError> {
        self.report.requests += 1;
        let addr = self.addr;
        self.send(
            format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\n{more}\r\n").as_bytes(),
        )?;
        let end = loop {
            match find(&self.buffer, b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => self.read()?,
            }
        };
        let head: Vec<u8> = self.buffer.drain(..end).collect();
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut response = httparse::Response::new(&mut headers);
        response
            .parse(&head)
            .map_err(|error| ClientError::Garbage(error.to_string()))?;
        let length = response
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case("content-length"))
            .and_then(|header| str::from_utf8(header.value).ok()?.parse().ok());
        let head = Head {
            status: response.code.unwrap_or(0),
            length,
        };
        if head.status != 200 && head.status != 101 {
            let body = self.body(head.length.unwrap_or(0))?;
            return Err(ClientError::Refused(
                head.status,
                String::from_utf8_lossy(&body).trim().to_owned(),
            ));
        }
        Ok(head)
    }

    fn body(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            self.read()?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    // ANCHOR: poll
    fn poll(
        &mut self,
        transport: Transport,
        mut after: u64,
        count: usize,
    ) -> Result<(), ClientError> {
        while self.report.events.len() < count {
            let head = self.request(
                &format!("/events/{transport}?callback=cb&after={after}"),
                "",
            )?;
            let body = self.body(head.length.unwrap_or(0))?;
            let json = match transport {
                Transport::JsonpPolling => strip(&body, b"/**/cb(", b");")?,
                _ => &body,
            };
            for event in parse::<Vec<Event>>(json)? {
                after = event.id;
                self.arrived(event);
            }
        }
        Ok(())
    }
    // ANCHOR_END: poll

    fn stream(
        &mut self,
        transport: Transport,
        after: u64,
        count: usize,
    ) -> Result<(), ClientError> {
        self.request(&format!("/events/{transport}?after={after}"), "")?;
        let (mut chunks, mut lines, mut parts) = (
            ChunkedDecoder::default(),
            Vec::new(),
            MultipartParser::default(),
        );
        while self.report.events.len() < count {
            if self.buffer.is_empty() {
                self.read()?;
            }
            let mut body = Vec::new();
            let buffer = std::mem::take(&mut self.buffer);
            chunks
                .decode(&mut &buffer[..], &mut body)
                .map_err(|error| ClientError::Garbage(error.to_string()))?;
            let mut jsons: VecDeque<Vec<u8>> = VecDeque::new();
            if transport == Transport::Multipart {
                jsons.extend(parts.feed(&body).into_iter().map(Vec::from));
            } else {
                lines.extend_from_slice(&body);
                while let Some(end) = lines.iter().position(|&byte| byte == b'\n') {
                    let line: Vec<u8> = lines.drain(..=end).collect();
                    jsons.extend(json_of(transport, line.trim_ascii())?);
                }
            }
            for json in jsons {
                self.arrived(parse(&json)?);
            }
            if chunks.is_done() && self.report.events.len() < count {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
        Ok(())
    }

    fn web_socket(&mut self, after: u64, count: usize) -> Result<(), ClientError> {
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        self.request(&format!("/events/websocket?after={after}"), upgrade)?;
        let limits = websocket::Limits {
            max_message: 1 << 20,
            ..websocket::Limits::default()
        };
        let mut connection = Connection::client(limits, || [1, 2, 3, 4]);
        while self.report.events.len() < count {
            if self.buffer.is_empty() {
                self.read()?;
            }
            let mut buffer = std::mem::take(&mut self.buffer);
            let mut input = buffer.as_mut_slice();
            loop {
                match connection.receive(&mut input) {
                    Ok(None) => break,
                    Ok(Some(websocket::Event::Text(text))) => {
                        self.arrived(parse(text.as_bytes())?);
                    }
                    Ok(Some(websocket::Event::Close(frame))) => {
                        return Err(ClientError::Missed(
                            frame.map(|frame| frame.reason).unwrap_or_default(),
                        ));
                    }
                    Ok(Some(_)) => {}
                    Err(error) => return Err(ClientError::Garbage(error.to_string())),
                }
            }
        }
        Ok(())
    }

    fn arrived(&mut self, event: Event) {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        self.report
            .latencies
            .push(now.saturating_sub(Duration::from_micros(event.at)));
        self.report.events.push(event);
    }
}

/// The event in a line of a stream, if there is one in it.
fn json_of(transport: Transport, line: &[u8]) -> Result<Option<Vec<u8>>, ClientError> {
    Ok(match transport {
        Transport::Sse => line.strip_prefix(b"data: ").map(<[u8]>::to_vec),
        Transport::ForeverIframe if line.starts_with(b"<script>") => {
            let end = b");document.currentScript.remove()</script>";
            Some(strip(line, b"<script>parent.onFrameEvent(", end)?.to_vec())
        }
        Transport::ForeverIframe => None,
        _ => (!line.is_empty()).then(|| line.to_vec()),
    })
}

fn strip<'a>(
    bytes: &'a [u8],
    prefix: &[u8],
    suffix: &[u8],
) -> Result<&'a [u8], ClientError> {
    bytes
        .strip_prefix(prefix)
        .and_then(|bytes| bytes.strip_suffix(suffix))
        .ok_or_else(|| ClientError::Garbage(String::from_utf8_lossy(bytes).into_owned()))
}

fn parse<T: serde::de::DeserializeOwned>(json: &[u8]) -> Result<T, ClientError> {
    serde_json::from_slice(json).map_err(|error| {
        let text = String::from_utf8_lossy(json);
        if text.contains("\"missed\"") || text.starts_with("events after") {
            ClientError::Missed(text.into_owned())
        } else {
            ClientError::Garbage(format!("{error}: {text}"))
        }
    })
}
