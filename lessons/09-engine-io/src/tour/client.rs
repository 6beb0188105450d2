//! A client with nothing hidden: HTTP by hand for polling, lesson 07's connection for
//! WebSocket.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use websocket::{Limits, Message, WebSocket};

/// The longest wait for a response in this tour.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request that was sent, and whose answer was not read yet: it may wait at the server.
pub(crate) struct Asked {
    stream: TcpStream,
    /// Its length in bytes.
    pub(crate) written: usize,
}

/// A response of the server.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// Its length in bytes, head and all.
    pub(crate) length: usize,
}

impl Answer {
    /// The session's name, out of an answer that opens one.
    pub(crate) fn sid(&self) -> Result<String, &'static str> {
        let behind = self.body.split_once("\"sid\":\"").map(|(_, rest)| rest);
        let sid = behind
            .and_then(|rest| rest.split_once('"'))
            .map(|(sid, _)| sid.to_owned());
        sid.ok_or("the server's first packet is without a sid")
    }
}

fn dial(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Opens a connection and sends one request.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    query: &str,
    body: &str,
) -> io::Result<Asked> {
    let mut stream = dial(address)?;
    let request = format!(
        "{method} /engine.io/?EIO=4&transport=polling{query} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    Ok(Asked {
        stream,
        written: request.len(),
    })
}

/// Reads an answer to its end.
pub(crate) fn answer(mut asked: Asked) -> io::Result<Answer> {
    let mut text = String::new();
    let length = asked.stream.read_to_string(&mut text)?;
    let (head, body) = text
        .split_once("\r\n\r\n")
        .ok_or_else(|| io::Error::other("the answer is not HTTP"))?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let status =
        status.ok_or_else(|| io::Error::other("the answer is without a status"))?;
    Ok(Answer {
        status,
        body: body.to_owned(),
        length,
    })
}

/// A stream that counts what passes, both ways.
pub(crate) struct Counted {
    stream: TcpStream,
    pub(crate) bytes: usize,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.bytes += count;
        Ok(count)
    }
}

impl Write for Counted {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.stream.write(buffer)?;
        self.bytes += count;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// A WebSocket for a session, or for a new one.
pub(crate) fn websocket(
    address: SocketAddr,
    sid: Option<&str>,
) -> Result<WebSocket<Counted>, websocket::Error> {
    let sid = sid.map(|sid| format!("&sid={sid}")).unwrap_or_default();
    let path = format!("/engine.io/?EIO=4&transport=websocket{sid}");
    let stream = Counted {
        stream: dial(address)?,
        bytes: 0,
    };
    WebSocket::connect(stream, &address.to_string(), &path, Limits::default())
}

/// The next text message.
pub(crate) fn read(
    socket: &mut WebSocket<Counted>,
) -> Result<String, Box<dyn std::error::Error>> {
    match socket.read()? {
        Some(Message::Text(text)) => Ok(text),
        Some(Message::Binary(bytes)) => {
            Err(format!("{} bytes came where text was due", bytes.len()).into())
        }
        None => Err("the server closed".into()),
    }
}
