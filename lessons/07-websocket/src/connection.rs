//! One WebSocket connection as a value: frames in, events and replies out.
//!
//! Some rules are about more than one frame: a ping wants a pong, a close frame wants a
//! close frame, and nothing is sent after a close frame (RFC 6455
//! §5.5, §7). They are the same whether a thread, a coroutine or an event loop carries
//! the bytes, so they are here, and no socket is.

use std::mem;

use crate::frame::RSV1;
use crate::{
    CloseCode, CloseFrame, Decoder, Deflate, Deflater, Event, FrameHeader, Limits,
    OpCode, ProtocolError, Role, apply_mask,
};

/// A message cannot be sent, because a close frame has been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the WebSocket is closing")]
pub struct Closing;

/// Makes the keys that a client masks with. They have to be unpredictable (§5.3).
type Keys = Box<dyn FnMut() -> [u8; 4] + Send>;

/// A connection after the handshake.
///
/// ```
/// use websocket::{Connection, Event, Limits};
///
/// let mut client = Connection::client(Limits::default(), || [1, 2, 3, 4]);
/// let mut server = Connection::server(Limits::default());
/// client.text("hello")?;
/// let mut bytes = client.take_output();
/// let mut input = bytes.as_mut_slice();
/// assert_eq!(server.receive(&mut input), Ok(Some(Event::Text("hello".into()))));
/// # Ok::<(), websocket::Closing>(())
/// ```
pub struct Connection {
    decoder: Decoder,
    /// `None` for a server, which does not mask.
    keys: Option<Keys>,
    output: Vec<u8>,
    /// If compression was agreed on.
    deflater: Option<Deflater>,
    /// We have sent a close frame.
    close_sent: bool,
    /// The peer has, or has broken a rule: nothing more is read.
    close_received: bool,
}

impl Connection {
    /// Creates the server's end.
    pub const fn server(limits: Limits) -> Self {
        Self::new(Decoder::new(Role::Server, limits), None)
    }

    /// Creates the client's end. `keys` returns a new key for each frame.
    pub fn client(
        limits: Limits,
        keys: impl FnMut() -> [u8; 4] + Send + 'static,
    ) -> Self {
        Self::new(Decoder::new(Role::Client, limits), Some(Box::new(keys)))
    }

    const fn new(decoder: Decoder, keys: Option<Keys>) -> Self {
        Self {
            decoder,
            keys,
            output: Vec::new(),
            deflater: None,
            close_sent: false,
            close_received: false,
        }
    }

    /// Compresses messages and accepts compressed ones, as agreed in the handshake. With
    /// context takeover the connection keeps a compressor of about 380 KB and a
    /// decompressor of about 48 KB once they have been used; without, it keeps neither.
    #[must_use]
    pub fn with_deflate(mut self, agreed: Deflate) -> Self {
        let role = match self.keys {
            None => Role::Server,
            Some(_) => Role::Client,
        };
        self.decoder = self.decoder.with_deflate(agreed);
        self.deflater = Some(Deflater::new(role, agreed));
        self
    }

    // ANCHOR: receive
    /// Takes bytes off the front of `input` up to the end of the next event. Returns
    /// `None` when they are used up. The reply to a ping or a close frame is in the
    /// output when this returns it.
    ///
    /// # Errors
    /// Returns the rule that the peer broke. The output then ends with a close frame that
    /// says so: send it, and close the connection.
    pub fn receive<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        match self.decoder.decode(input) {
            Ok(Some(Event::Ping(payload))) => {
                if !self.close_sent {
                    self.frame(OpCode::Pong, &payload);
                }
                Ok(Some(Event::Ping(payload)))
            }
            Ok(Some(Event::Close(frame))) => {
                self.close_received = true;
                self.send_close(frame.as_ref());
                Ok(Some(Event::Close(frame)))
            }
            Ok(event) => Ok(event),
            Err(error) => {
                self.close_received = true;
                self.send_close(Some(&CloseFrame {
                    code: error.close_code(),
                    reason: error.to_string(),
                }));
                Err(error)
            }
        }
    }
    // ANCHOR_END: receive

    /// Sends a text message.
    ///
    /// # Errors
    /// Returns [`Closing`] after a close frame has been sent or received.
    pub fn text(&mut self, text: &str) -> Result<(), Closing> {
        self.data(OpCode::Text, text.as_bytes())
    }

    /// Sends a binary message.
    ///
    /// # Errors
    /// As [`Connection::text`].
    pub fn binary(&mut self, bytes: &[u8]) -> Result<(), Closing> {
        self.data(OpCode::Binary, bytes)
    }

    /// Asks whether the peer is there, with up to 125 bytes that its answer will carry;
    /// more are cut off.
    ///
    /// # Errors
    /// As [`Connection::text`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Closing> {
        self.is_open()?;
        let len = payload.len().min(crate::MAX_CONTROL_PAYLOAD);
        self.frame(OpCode::Ping, &payload[..len]);
        Ok(())
    }

    /// Sends a close frame, or does nothing if one has been sent. The peer can still send
    /// messages until its own close frame arrives.
    pub fn close(&mut self, code: CloseCode, reason: &str) {
        self.send_close(Some(&CloseFrame {
            code,
            reason: reason.to_owned(),
        }));
    }

    /// Returns the bytes to write to the peer, and clears the output.
    pub fn take_output(&mut self) -> Vec<u8> {
        mem::take(&mut self.output)
    }

    /// Returns whether both close frames have passed, or the peer broke a rule. When the
    /// output is written, the TCP connection can end; a server ends it first
    /// (§7.1.1).
    pub const fn is_closed(&self) -> bool {
        self.close_sent && self.close_received
    }

    const fn is_open(&self) -> Result<(), Closing> {
        if self.close_sent {
            return Err(Closing);
        }
        Ok(())
    }

    fn data(&mut self, opcode: OpCode, payload: &[u8]) -> Result<(), Closing> {
        self.is_open()?;
        if let Some(deflater) = &mut self.deflater {
            let compressed = deflater.deflate(payload);
            // The next message can refer to this one, so with context it has to be sent.
            if compressed.len() < payload.len() || deflater.takes_over() {
                let start = self.output.len();
                self.frame(opcode, &compressed);
                self.output[start] |= RSV1;
                return Ok(());
            }
        }
        self.frame(opcode, payload);
        Ok(())
    }

    fn send_close(&mut self, frame: Option<&CloseFrame>) {
        if !mem::replace(&mut self.close_sent, true) {
            self.frame(
                OpCode::Close,
                &frame.map(CloseFrame::encode).unwrap_or_default(),
            );
        }
    }

    fn frame(&mut self, opcode: OpCode, payload: &[u8]) {
        let mask = self.keys.as_mut().map(|keys| keys());
        FrameHeader {
            fin: true,
            opcode,
            mask,
            len: payload.len() as u64,
        }
        .write_to(&mut self.output);
        let start = self.output.len();
        self.output.extend_from_slice(payload);
        if let Some(key) = mask {
            apply_mask(&mut self.output[start..], key, 0);
        }
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("decoder", &self.decoder)
            .field("close_sent", &self.close_sent)
            .field("close_received", &self.close_received)
            .finish_non_exhaustive()
    }
}
