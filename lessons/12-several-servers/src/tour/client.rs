//! A client that speaks Socket.IO over a pipe in memory: it needs no port.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use engine_io::Handshake;
use futures_util::{SinkExt, StreamExt};
use socket_io::Io;
use tokio::io::{DuplexStream, duplex};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

/// How long the tour waits for a packet.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client in `/chat`.
pub(crate) struct Client {
    pub(crate) name: &'static str,
    stream: WebSocketStream<DuplexStream>,
}

impl Client {
    /// Connects to a server and joins the room `tea`.
    pub(crate) async fn connect(name: &'static str, io: &Io) -> Result<Self> {
        let (ours, theirs) = duplex(64 << 10);
        let server = io.engine().clone();
        let request = Handshake::new("EIO=4&transport=websocket", []);
        // It ends with our end of the pipe.
        tokio::spawn(async move { server.carry(theirs, request).await });
        let stream = WebSocketStream::from_raw_socket(ours, Role::Client, None).await;
        let mut client = Self { name, stream };
        let open = client.message().await?;
        ensure!(open.starts_with('0'), "{open:?} is not an open packet");
        client.send("40/chat,").await?;
        let connected = client.message().await?;
        ensure!(
            connected.starts_with("40/chat,{"),
            "{connected:?} does not accept the connection"
        );
        client.send(r#"42/chat,0["join","tea"]"#).await?;
        let joined = client.message().await?;
        ensure!(
            joined == "43/chat,0[true]",
            "{joined:?} is not an acknowledgement"
        );
        Ok(client)
    }

    /// The text of the next event, which must be `news`.
    pub(crate) async fn news(&mut self) -> Result<String> {
        let packet = self.message().await?;
        let event = packet.strip_prefix("42/chat,").unwrap_or_default();
        let (name, text): (String, String) =
            serde_json::from_str(event).with_context(|| format!("{packet:?}"))?;
        ensure!(name == "news", "{packet:?} is not the event `news`");
        Ok(text)
    }

    async fn send(&mut self, packet: &str) -> Result<()> {
        Ok(self.stream.send(Message::text(packet)).await?)
    }

    /// The next message, without heartbeats.
    async fn message(&mut self) -> Result<String> {
        loop {
            let message = timeout(PATIENCE, self.stream.next()).await;
            match message.context("the server says nothing")? {
                Some(Ok(Message::Text(text))) if text.as_str() == "2" => {
                    self.send("3").await?;
                }
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                other => bail!("{} received {other:?}", self.name),
            }
        }
    }
}
