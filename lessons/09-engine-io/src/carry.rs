//! A session over a stream that did not come through warp: another front end's, or a
//! test's, in memory.

use tokio::io::{AsyncRead, AsyncWrite};

use crate::config::Transport;
use crate::handshake::Handshake;
use crate::measure;
use crate::server::Server;
use crate::transport::websocket::{Connection, reject};

impl Server {
    /// Opens a session over a stream that speaks WebSocket already, and carries it until
    /// the session or the stream ends. The caller has done the opening handshake, and has
    /// checked the request's origin: the application will see `handshake` as the request.
    ///
    /// ```
    /// use engine_io::{Handshake, Server};
    ///
    /// async fn in_memory(server: Server) -> tokio::io::DuplexStream {
    ///     let (ours, theirs) = tokio::io::duplex(64 * 1024);
    ///     let handshake = Handshake::new("EIO=4", [("cookie", "user=ann")]);
    ///     tokio::spawn(async move { server.carry(theirs, handshake).await });
    ///     ours // the client's end: frames go in and come out
    /// }
    /// ```
    pub async fn carry<IO>(&self, io: IO, handshake: Handshake)
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        match self.open(Transport::WebSocket, handshake) {
            Ok(session) => {
                Connection::new(io, &[], session, self.config(), false, false)
                    .run()
                    .await;
            }
            Err(refusal) => {
                measure::refused(refusal);
                reject(io).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use websocket::{OpCode, encode_masked_frame};

    use super::*;
    use crate::config::Config;
    use crate::machine::CloseReason;
    use crate::packet::{EncodedMessage, Message};
    use crate::session::{Application, Receiver, Session};

    #[derive(Clone, Default)]
    struct Echo(Arc<Mutex<Vec<String>>>);

    struct EchoSession(Session, Echo);

    impl Application for Echo {
        fn open(&self, session: Session) -> Arc<dyn Receiver> {
            let cookie = session.handshake().header("Cookie").unwrap_or_default();
            self.0.lock().unwrap().push(cookie.to_owned());
            Arc::new(EchoSession(session, self.clone()))
        }
    }

    impl Receiver for EchoSession {
        fn message(&self, message: Message<'_>) {
            if let Message::Text(text) = message {
                let _ = self.0.send(&EncodedMessage::text(text));
            }
        }

        fn close(&self, reason: CloseReason) {
            self.1.0.lock().unwrap().push(reason.to_string());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_runs_over_a_stream_in_memory() {
        let echo = Echo::default();
        let server = Server::new(Config::default(), echo.clone());
        let (mut ours, theirs) = duplex(4096);
        let handshake = Handshake::new("", [("Cookie", "user=ann"), ("x", "a\nb")]);
        let carrier = server.clone();
        let task = tokio::spawn(async move { carrier.carry(theirs, handshake).await });
        let frame = encode_masked_frame(OpCode::Text, [1, 2, 3, 4], b"4hello");
        ours.write_all(&frame).await.unwrap();
        let mut said = Vec::new();
        while !said.ends_with(b"\x81\x064hello") {
            assert_ne!(ours.read_buf(&mut said).await.unwrap(), 0, "{said:?}");
        }
        drop(ours);
        task.await.unwrap();
        assert_eq!(*echo.0.lock().unwrap(), ["user=ann", "transport close"]);
        assert_eq!(server.session_count(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_server_says_goodbye() {
        let config = Config {
            max_sessions: 0,
            ..Config::default()
        };
        let server = Server::new(config, Echo::default());
        let (mut ours, theirs) = duplex(4096);
        tokio::spawn(async move { server.carry(theirs, Handshake::default()).await });
        let mut said = Vec::new();
        ours.read_to_end(&mut said).await.unwrap();
        assert_eq!(said, b"\x88\x02\x03\xe8", "a close frame");
    }
}
