//! What a message costs on the wire, over polling and over a WebSocket.

use std::net::SocketAddr;
use std::time::Duration;

use websocket::Message;

use super::client::{Answer, answer, read, request, websocket};
use super::server::start;
use super::show::Outcome;

const MESSAGES: usize = 20;

/// Prints, as CSV, the bytes on the wire for a message and an answer of the same length.
/// Our client's requests have four headers and a browser's a dozen, so polling from a
/// browser costs several hundred bytes more.
pub(crate) fn overhead() -> Outcome {
    let running = start("", Duration::from_secs(25), Duration::from_secs(20))?;
    terminal::say!("characters in a message,polling,websocket");
    for length in [1, 10, 100, 1_000, 10_000] {
        let text = "a".repeat(length);
        terminal::say!(
            "{length},{},{}",
            polling(running.address, &text)?,
            over_websocket(running.address, &text)?
        );
    }
    Ok(())
}

/// Sends a POST, and a GET that fetches the answer.
fn polling(address: SocketAddr, text: &str) -> Outcome<usize> {
    let opened = answer(request(address, "GET", "", "")?)?;
    let sid = opened.sid()?;
    let mut bytes = 0;
    for _ in 0..MESSAGES {
        for (method, body) in [("POST", format!("4{text}")), ("GET", String::new())] {
            let request = request(address, method, &format!("&sid={sid}"), &body)?;
            bytes += request.written;
            let Answer { status, length, .. } = answer(request)?;
            if status != 200 {
                return Err(format!("a {method} was answered with {status}").into());
            }
            bytes += length;
        }
    }
    Ok(bytes / MESSAGES)
}

/// Sends a frame, and reads the frame that answers it.
fn over_websocket(address: SocketAddr, text: &str) -> Outcome<usize> {
    let mut socket = websocket(address, None)?;
    read(&mut socket)?;
    let before = socket.stream().bytes;
    for _ in 0..MESSAGES {
        socket.send(&Message::Text(format!("4{text}")))?;
        read(&mut socket)?;
    }
    Ok((socket.stream().bytes - before) / MESSAGES)
}
