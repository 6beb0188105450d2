//! From bytes, however the network cut them, to messages.
//!
//! A stream does not know where frames end: one read can stop inside a header, another
//! can return fifty messages. The decoder accepts any bytes, and remembers only what it
//! must. A message that is whole in the input is unmasked there and borrowed from it;
//! only incomplete messages are copied. So an idle connection owns no memory, and a
//! busy one does not allocate for messages that arrive in one piece.

use std::borrow::Cow;
use std::mem;

use crate::deflate::Inflater;
use crate::frame::RSV1;
use crate::{
    CloseFrame, Deflate, FrameHeader, MAX_HEADER, OpCode, ProtocolError, apply_mask,
};

/// Which end of the connection decodes: it decides what the peer's frames must look like
/// (RFC 6455 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The peer is a client and masks every frame.
    Server,
    /// The peer is a server and masks none.
    Client,
}

/// Limits on the memory and work that a peer can cause (RFC 6455 §10.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in a message, all its fragments together, after decompression.
    pub max_message: usize,
    /// Frames in a message. A frame costs no memory, only a moment of work; but a message
    /// of empty fragments keeps within any count of bytes, and need never end.
    pub max_fragments: usize,
}

impl Default for Limits {
    /// One million bytes in at most 16,384 frames.
    fn default() -> Self {
        Self {
            max_message: 1_000_000,
            max_fragments: 16 * 1024,
        }
    }
}

/// Something that the peer sent, borrowed from the input if it arrived in one piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A text message.
    Text(Cow<'a, str>),
    /// A binary message.
    Binary(Cow<'a, [u8]>),
    /// Wants a pong with the same payload (§5.5.2), at most 125 bytes.
    Ping(Cow<'a, [u8]>),
    /// The reply to a ping, or an unsolicited sign of life (§5.5.3).
    Pong(Cow<'a, [u8]>),
    /// The peer will send nothing more (§5.5.1). Wants a close frame in reply, unless one
    /// has been sent.
    Close(Option<CloseFrame>),
}

/// Turns the bytes of one connection into events.
///
/// Feed it every byte after the handshake:
///
/// ```
/// use websocket::{Decoder, Event, Limits, Role};
///
/// let mut client = Decoder::new(Role::Client, Limits::default());
/// let mut said = Vec::new();
/// // A text message in two fragments with a ping between them (§5.4), as two reads might bring it.
/// for read in [&mut b"\x01\x03Hel\x89"[..].to_vec(), &mut b"\x00\x80\x02lo"[..].to_vec()] {
///     let mut input = read.as_mut_slice();
///     while let Some(event) = client.decode(&mut input)? {
///         match event {
///             Event::Text(text) => said.push(text.into_owned()),
///             Event::Ping(_) => said.push("ping".into()),
///             _ => {}
///         }
///     }
/// }
/// assert_eq!(said, ["ping", "Hello"]);
/// # Ok::<(), websocket::ProtocolError>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    role: Role,
    limits: Limits,
    state: State,
    /// The unfinished data message. Control frames can arrive between its fragments.
    message: Option<Message>,
    /// The payload of a control frame that arrived in part.
    control: Vec<u8>,
    /// If compression was agreed on. Boxed: most connections have none.
    inflater: Option<Box<Inflater>>,
}

/// The place of the next byte in the stream.
#[derive(Clone, Copy, Debug)]
enum State {
    /// In a header, of which `filled` bytes have arrived.
    Header { bytes: [u8; MAX_HEADER], filled: u8 },
    /// In a payload.
    Payload(Frame),
    /// After a close frame or an error.
    Ended,
}

impl State {
    const BETWEEN_FRAMES: Self = Self::Header {
        bytes: [0; MAX_HEADER],
        filled: 0,
    };
}

/// The frame whose payload is arriving.
#[derive(Clone, Copy, Debug)]
struct Frame {
    fin: bool,
    opcode: OpCode,
    mask: Option<[u8; 4]>,
    len: usize,
    /// How many bytes of the payload have arrived.
    received: usize,
}

/// The unfinished message: its fragments so far.
#[derive(Debug)]
struct Message {
    data: Data,
    fragments: usize,
}

#[derive(Debug)]
enum Data {
    Binary(Vec<u8>),
    /// Checked as it arrives. `cut` is the beginning of a character that is incomplete.
    Text {
        text: String,
        cut: Cut,
    },
}

/// At most three bytes.
#[derive(Debug, Default)]
struct Cut {
    bytes: [u8; 4],
    len: u8,
}

impl Decoder {
    /// Creates a decoder for the start of a connection. It owns no heap memory until a
    /// message arrives in pieces.
    pub const fn new(role: Role, limits: Limits) -> Self {
        Self {
            role,
            limits,
            state: State::BETWEEN_FRAMES,
            message: None,
            control: Vec::new(),
            inflater: None,
        }
    }

    /// Accepts compressed messages, as agreed. A message that is compressed is never
    /// borrowed from the input. While it arrives, the decoder owns a decompressor of about
    /// 48 KB, and at most [`Limits::max_message`] bytes of the message; with context
    /// takeover it keeps the decompressor.
    #[must_use]
    pub fn with_deflate(self, agreed: Deflate) -> Self {
        let inflater = Some(Box::new(Inflater::new(self.role, agreed)));
        Self { inflater, ..self }
    }

    /// Takes bytes off the front of `input` up to the end of the next event, and unmasks
    /// them in place. Returns `None` when the input is used up. After a close frame or an
    /// error all input is dropped (§1.4).
    ///
    /// # Errors
    /// Returns the rule that the peer broke, at the first byte that shows it: a length in
    /// its header, wrong text in a frame that is still arriving.
    pub fn decode<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        let result = self.next_event(input);
        if matches!(result, Err(_) | Ok(Some(Event::Close(_)))) {
            self.state = State::Ended;
        }
        result
    }

    fn next_event<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        loop {
            let mut frame = match &mut self.state {
                State::Header { bytes, filled } => {
                    let deflate = self.inflater.is_some();
                    match read_header(bytes, filled, input, deflate)? {
                        Some((header, compressed)) => {
                            self.start_frame(header, compressed)?
                        }
                        None => return Ok(None),
                    }
                }
                State::Payload(frame) => *frame,
                State::Ended => {
                    *input = &mut [];
                    return Ok(None);
                }
            };
            let chunk = frame.take_payload(input);
            self.state = if frame.is_complete() {
                State::BETWEEN_FRAMES
            } else {
                State::Payload(frame)
            };
            let event = if frame.opcode.is_control() {
                self.control_payload(frame, chunk)?
            } else {
                self.data_payload(frame, chunk)?
            };
            if event.is_some() || !frame.is_complete() {
                return Ok(event);
            }
        }
    }

    /// Checks what a header alone cannot know: the mask against the role, the opcode
    /// against what came before, the length against the limits.
    fn start_frame(
        &mut self,
        header: FrameHeader,
        compressed: bool,
    ) -> Result<Frame, ProtocolError> {
        match (self.role, header.mask) {
            (Role::Server, None) => return Err(ProtocolError::NotMasked),
            (Role::Client, Some(_)) => return Err(ProtocolError::Masked),
            _ => {}
        }
        let too_big = ProtocolError::MessageTooBig(self.limits.max_message);
        let len = usize::try_from(header.len).map_err(|_| too_big)?;
        let FrameHeader {
            fin, opcode, mask, ..
        } = header;
        let frame = Frame {
            fin,
            opcode,
            mask,
            len,
            received: 0,
        };
        if opcode.is_control() {
            return Ok(frame);
        }
        let message = match (opcode, &mut self.message) {
            (OpCode::Continuation, None) => return Err(ProtocolError::NothingToContinue),
            (OpCode::Continuation, Some(message)) => message,
            (_, Some(_)) => return Err(ProtocolError::MessageUnfinished),
            (_, none) => {
                if let Some(inflater) = &mut self.inflater {
                    inflater.begin(compressed);
                }
                none.insert(Message::new(opcode == OpCode::Text))
            }
        };
        message.fragments += 1;
        if message.fragments > self.limits.max_fragments {
            return Err(ProtocolError::TooManyFragments(self.limits.max_fragments));
        }
        match &mut self.inflater {
            // Its length is known when it is inflated.
            Some(inflater) if inflater.is_active() => {
                inflater.announce(len, self.limits.max_message)?;
            }
            _ if len > self.limits.max_message - message.len() => return Err(too_big),
            _ => {}
        }
        Ok(frame)
    }

    fn control_payload<'a>(
        &mut self,
        frame: Frame,
        chunk: &'a [u8],
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        let payload = if chunk.len() == frame.len {
            Cow::Borrowed(chunk)
        } else {
            self.control.extend_from_slice(chunk);
            if !frame.is_complete() {
                return Ok(None);
            }
            Cow::Owned(mem::take(&mut self.control))
        };
        Ok(Some(match frame.opcode {
            OpCode::Ping => Event::Ping(payload),
            OpCode::Pong => Event::Pong(payload),
            _ => Event::Close(CloseFrame::decode(&payload)?),
        }))
    }

    fn data_payload<'a>(
        &mut self,
        frame: Frame,
        chunk: &'a [u8],
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        let Some(mut message) = self.message.take() else {
            return Ok(None);
        };
        let last = frame.fin && frame.is_complete();
        match &mut self.inflater {
            Some(inflater) if inflater.is_active() => {
                let max = self.limits.max_message;
                inflater.inflate(chunk, last, |inflated| {
                    message.append_within(inflated, max)
                })?;
            }
            _ if last
                && frame.opcode != OpCode::Continuation
                && chunk.len() == frame.len =>
            {
                return lend(matches!(message.data, Data::Text { .. }), chunk).map(Some);
            }
            _ => message.append(chunk)?,
        }
        if last {
            return message.into_event().map(Some);
        }
        self.message = Some(message);
        Ok(None)
    }
}

/// Adds `input` to the header's first `filled` bytes. A header that is still incomplete
/// has used up all of it. With `deflate` it can announce a compressed message.
fn read_header(
    bytes: &mut [u8; MAX_HEADER],
    filled: &mut u8,
    input: &mut &mut [u8],
    deflate: bool,
) -> Result<Option<(FrameHeader, bool)>, ProtocolError> {
    let had = usize::from(*filled);
    let added = input.len().min(MAX_HEADER - had);
    bytes[had..had + added].copy_from_slice(&input[..added]);
    // RSV1 has a meaning in the first frame of a data message, and nowhere else: there it
    // stays, and is refused.
    let begins_data = matches!(bytes[0] & !RSV1 & 0x7f, 1 | 2);
    let compressed = deflate && begins_data && bytes[0] & RSV1 != 0;
    let plain = if compressed { !RSV1 } else { !0 };
    bytes[0] &= plain;
    let header = FrameHeader::parse(&bytes[..had + added])?;
    bytes[0] |= !plain;
    let used = header.map_or(added, |(_, len)| len - had);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a header has 14 bytes at most"
    )]
    {
        *filled += used as u8;
    }
    take(input, used);
    Ok(header.map(|(header, _)| (header, compressed)))
}

/// Takes the first `count` bytes off `input`.
fn take<'a>(input: &mut &'a mut [u8], count: usize) -> &'a mut [u8] {
    let (taken, rest) = mem::take(input).split_at_mut(count);
    *input = rest;
    taken
}

/// A message that lies whole in the input.
fn lend(is_text: bool, payload: &[u8]) -> Result<Event<'_>, ProtocolError> {
    Ok(if is_text {
        Event::Text(
            str::from_utf8(payload)
                .map_err(|_| ProtocolError::InvalidUtf8)?
                .into(),
        )
    } else {
        Event::Binary(payload.into())
    })
}

impl Frame {
    /// Takes what `input` has of the payload, and unmasks it.
    fn take_payload<'a>(&mut self, input: &mut &'a mut [u8]) -> &'a [u8] {
        let chunk = take(input, input.len().min(self.len - self.received));
        if let Some(key) = self.mask {
            apply_mask(chunk, key, self.received);
        }
        self.received += chunk.len();
        chunk
    }

    const fn is_complete(&self) -> bool {
        self.received == self.len
    }
}

impl Message {
    const fn new(is_text: bool) -> Self {
        let data = if is_text {
            Data::Text {
                text: String::new(),
                cut: Cut {
                    bytes: [0; 4],
                    len: 0,
                },
            }
        } else {
            Data::Binary(Vec::new())
        };
        Self { data, fragments: 0 }
    }

    const fn len(&self) -> usize {
        match &self.data {
            Data::Binary(bytes) => bytes.len(),
            Data::Text { text, cut } => text.len() + cut.bytes().len(),
        }
    }

    /// Appends what was inflated, if the message stays within `max` bytes. Its memory
    /// does too: growing to twice the length would not.
    fn append_within(&mut self, chunk: &[u8], max: usize) -> Result<(), ProtocolError> {
        let len = self.len() + chunk.len();
        if len > max {
            return Err(ProtocolError::MessageTooBig(max));
        }
        let grown = |len: usize, capacity: usize| (2 * capacity).clamp(len, max) - len;
        match &mut self.data {
            Data::Binary(bytes) if len > bytes.capacity() => {
                bytes.reserve_exact(chunk.len() + grown(len, bytes.capacity()));
            }
            Data::Text { text, .. } if len > text.capacity() => {
                text.reserve_exact(chunk.len() + 4 + grown(len, text.capacity()));
            }
            _ => {}
        }
        self.append(chunk)
    }

    fn append(&mut self, chunk: &[u8]) -> Result<(), ProtocolError> {
        match &mut self.data {
            Data::Binary(bytes) => bytes.extend_from_slice(chunk),
            Data::Text { text, cut } => {
                let rest = cut.complete(chunk, text)?;
                let (whole, end) = match str::from_utf8(rest) {
                    Ok(whole) => (whole, &[][..]),
                    Err(error) if error.error_len().is_none() => {
                        let (whole, end) = rest.split_at(error.valid_up_to());
                        (
                            str::from_utf8(whole)
                                .map_err(|_| ProtocolError::InvalidUtf8)?,
                            end,
                        )
                    }
                    Err(_) => return Err(ProtocolError::InvalidUtf8),
                };
                text.push_str(whole);
                for byte in end {
                    cut.push(*byte);
                }
            }
        }
        Ok(())
    }

    fn into_event(self) -> Result<Event<'static>, ProtocolError> {
        match self.data {
            Data::Binary(bytes) => Ok(Event::Binary(bytes.into())),
            Data::Text {
                cut: Cut { len: 0, .. },
                text,
            } => Ok(Event::Text(text.into())),
            Data::Text { .. } => Err(ProtocolError::InvalidUtf8),
        }
    }
}

impl Cut {
    const fn bytes(&self) -> &[u8] {
        self.bytes.split_at(self.len as usize).0
    }

    fn push(&mut self, byte: u8) {
        self.bytes[usize::from(self.len)] = byte;
        self.len += 1;
    }

    /// Takes bytes off the front of `chunk` until the character is whole, which then goes
    /// to `text`; what is left.
    fn complete<'a>(
        &mut self,
        chunk: &'a [u8],
        text: &mut String,
    ) -> Result<&'a [u8], ProtocolError> {
        let mut rest = chunk;
        while self.len > 0
            && let Some((&byte, behind)) = rest.split_first()
        {
            self.push(byte);
            rest = behind;
            match str::from_utf8(self.bytes()) {
                Ok(character) => {
                    text.push_str(character);
                    self.len = 0;
                }
                Err(error) if error.error_len().is_some() => {
                    return Err(ProtocolError::InvalidUtf8);
                }
                // A fourth byte makes a character whole, or wrong: there is always room
                // for the next one.
                Err(_) => {}
            }
        }
        Ok(rest)
    }
}
