//! A client with nothing hidden: HTTP by hand for polling, lesson 07's connection for WebSocket.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use websocket::{Limits, Message, WebSocket};

/// Nobody in this tour waits longer for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a server answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

pub(crate) fn dial(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// One request on a connection of its own. The answer is read later, so that it may wait at the server meanwhile.
pub(crate) fn request(address: SocketAddr, method: &str, query: &str, body: &str) -> io::Result<TcpStream> {
    let mut stream = dial(address)?;
    write!(
        stream,
        "{method} /engine.io/?EIO=4&transport=polling{query} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    Ok(stream)
}

/// Reads an answer to its end.
pub(crate) fn answer(mut stream: TcpStream) -> io::Result<Answer> {
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let (head, body) =
        text.split_once("\r\n\r\n").ok_or_else(|| io::Error::other("the answer is no HTTP"))?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other("the answer has no status"))?;
    Ok(Answer { status, body: body.to_owned() })
}

/// A WebSocket for a session, or for a new one.
pub(crate) fn websocket(
    address: SocketAddr,
    sid: Option<&str>,
) -> Result<WebSocket<TcpStream>, websocket::Error> {
    let sid = sid.map(|sid| format!("&sid={sid}")).unwrap_or_default();
    let path = format!("/engine.io/?EIO=4&transport=websocket{sid}");
    WebSocket::connect(dial(address)?, &address.to_string(), &path, Limits::default())
}

/// The next text message.
pub(crate) fn read(socket: &mut WebSocket<TcpStream>) -> Result<String, Box<dyn std::error::Error>> {
    match socket.read()? {
        Some(Message::Text(text)) => Ok(text),
        Some(Message::Binary(bytes)) => Err(format!("{} bytes came where text was due", bytes.len()).into()),
        None => Err("the server closed".into()),
    }
}
