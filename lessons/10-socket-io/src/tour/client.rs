//! A client that hides nothing: it writes and reads packets as text.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use websocket::{Limits, Message, WebSocket};

/// The longest wait for a packet in this tour.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) type Failure = Box<dyn std::error::Error>;

/// One connection over WebSocket from the start.
pub(crate) struct Client(WebSocket<TcpStream>);

impl Client {
    /// Connects, and reads Engine.IO's open packet.
    pub(crate) fn dial(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let path = "/socket.io/?EIO=4&transport=websocket";
        let mut client = Self(WebSocket::connect(
            stream,
            &address.to_string(),
            path,
            Limits::default(),
        )?);
        match client.receive()? {
            Message::Text(open) if open.starts_with('0') => Ok(client),
            other => Err(format!("{other:?} came where an open packet was due").into()),
        }
    }

    /// Sends a Socket.IO packet, in an Engine.IO message.
    pub(crate) fn send(&mut self, packet: &str) -> Result<(), Failure> {
        Ok(self.0.send(&Message::Text(format!("4{packet}")))?)
    }

    /// Sends an attachment.
    pub(crate) fn attach(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.0.send(&Message::Binary(bytes.to_vec()))?)
    }

    /// The next packet, without what Engine.IO has around it; pings are answered.
    pub(crate) fn packet(&mut self) -> Result<String, Failure> {
        loop {
            match self.receive()? {
                Message::Text(text) if text == "2" => {
                    self.0.send(&Message::Text("3".into()))?;
                }
                Message::Text(text) => match text.strip_prefix('4') {
                    Some(packet) => return Ok(packet.to_owned()),
                    None => {
                        return Err(
                            format!("{text:?} came where a packet was due").into()
                        );
                    }
                },
                Message::Binary(_) => {
                    return Err("an attachment came where a packet was due".into());
                }
            }
        }
    }

    /// The next attachment.
    pub(crate) fn attachment(&mut self) -> Result<Vec<u8>, Failure> {
        match self.receive()? {
            Message::Binary(bytes) => Ok(bytes),
            Message::Text(text) => {
                Err(format!("{text:?} came where an attachment was due").into())
            }
        }
    }

    fn receive(&mut self) -> Result<Message, Failure> {
        self.0.read()?.ok_or_else(|| "the server closed".into())
    }
}
