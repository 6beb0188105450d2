//! From bytes as they arrive to messages: half a header here, three frames there.
//!
//! The decoder keeps what it must and no more. A message that lies whole in the input is unmasked where it lies and
//! handed on by reference; only one that arrives in pieces is put together in a buffer, which grows with the bytes
//! that came and not with the length that was promised.

use std::{borrow::Cow, mem};

use crate::{
    close::CloseFrame,
    error::ProtocolError,
    frame::{FrameHeader, MAX_HEADER, OpCode, apply_mask},
};

/// Which end of the connection decodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The peer is a client and masks.
    Server,
    /// The peer is a server and does not.
    Client,
}

/// What a peer may send (RFC 6455 §10.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest message, in bytes, all fragments together.
    pub max_message: usize,
    /// The most fragments in one message.
    pub max_fragments: usize,
}

impl Default for Limits {
    /// One million bytes, 1,024 fragments.
    fn default() -> Self {
        Self { max_message: 1_000_000, max_fragments: 1024 }
    }
}

/// Something complete has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A text message.
    Text(Cow<'a, str>),
    /// A binary message.
    Binary(Cow<'a, [u8]>),
    /// A ping, to be answered with a pong of the same payload (§5.5.2).
    Ping(Cow<'a, [u8]>),
    /// A pong.
    Pong(Cow<'a, [u8]>),
    /// The peer closes; to be answered with a close frame (§5.5.1). Nothing may follow.
    Close(Option<CloseFrame>),
}

/// Puts messages together from bytes (RFC 6455 §5).
#[derive(Debug)]
pub struct Decoder {
    role: Role,
    limits: Limits,
    /// A header that is not all there yet.
    header: [u8; MAX_HEADER],
    header_len: u8,
    /// The frame whose payload is arriving, and how much of it has.
    frame: Option<(FrameHeader, u64)>,
    /// The data message that is arriving: its first frame's opcode.
    message: Option<OpCode>,
    /// What has come of it.
    buffer: Vec<u8>,
    /// How much of `buffer` is known to be UTF-8.
    valid: usize,
    fragments: usize,
    /// What has come of a control frame: those arrive between a message's fragments.
    control: Vec<u8>,
}

impl Decoder {
    /// A decoder at the start of a connection, just behind the handshake.
    pub fn new(role: Role, limits: Limits) -> Self {
        Self {
            role,
            limits,
            header: [0; MAX_HEADER],
            header_len: 0,
            frame: None,
            message: None,
            buffer: Vec::new(),
            valid: 0,
            fragments: 0,
            control: Vec::new(),
        }
    }

    /// Takes bytes off the front of `input` up to the end of the next message or control frame. `None` when all of
    /// it is used up: give more when there is more.
    ///
    /// # Errors
    /// The first rule that the peer broke. The connection is then beyond repair; do not decode on.
    pub fn decode<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<Event<'a>>, ProtocolError> {
        loop {
            if self.frame.is_none() {
                let Some(header) = self.take_header(input)? else { return Ok(None) };
                self.check(&header)?;
                self.frame = Some((header, 0));
            }
            let Some((header, done)) = &mut self.frame else { return Ok(None) };
            let header = *header;
            let rest = header.len - *done;
            let take = usize::try_from(rest).unwrap_or(usize::MAX).min(input.len());
            let (chunk, behind) = mem::take(input).split_at_mut(take);
            *input = behind;
            if let Some(key) = header.mask {
                // Only the offset's last two bits matter.
                apply_mask(chunk, key, (*done % 4) as usize);
            }
            let (first, last) = (*done == 0, rest == take as u64);
            *done += take as u64;
            if last {
                self.frame = None;
            }
            let event = if header.opcode.is_control() {
                self.control_part(header.opcode, chunk, first, last)?
            } else {
                self.message_part(chunk, first && last && header.fin, last && header.fin)?
            };
            if event.is_some() {
                return Ok(event);
            }
            if !last {
                return Ok(None);
            }
        }
    }

    fn take_header(&mut self, input: &mut &mut [u8]) -> Result<Option<FrameHeader>, ProtocolError> {
        if self.header_len == 0
            && let Some((header, size)) = FrameHeader::parse(input)?
        {
            *input = &mut mem::take(input)[size..];
            return Ok(Some(header));
        }
        // A header that arrives in pieces, byte by byte: rare and short.
        while let Some((&mut byte, behind)) = mem::take(input).split_first_mut() {
            *input = behind;
            self.header[usize::from(self.header_len)] = byte;
            self.header_len += 1;
            let arrived = &self.header[..usize::from(self.header_len)];
            if let Some((header, _)) = FrameHeader::parse(arrived)? {
                self.header_len = 0;
                return Ok(Some(header));
            }
        }
        Ok(None)
    }

    /// What a header may be here and now.
    fn check(&mut self, header: &FrameHeader) -> Result<(), ProtocolError> {
        match (self.role, header.mask) {
            (Role::Server, None) => return Err(ProtocolError::NotMasked),
            (Role::Client, Some(_)) => return Err(ProtocolError::Masked),
            _ => {}
        }
        if header.opcode.is_control() {
            return Ok(());
        }
        match (header.opcode, self.message) {
            (OpCode::Continuation, None) => return Err(ProtocolError::UnexpectedContinuation),
            (OpCode::Continuation, Some(_)) => self.fragments += 1,
            (_, Some(_)) => return Err(ProtocolError::ExpectedContinuation),
            (opcode, None) => {
                self.message = Some(opcode);
                self.fragments = 1;
            }
        }
        if self.fragments > self.limits.max_fragments {
            return Err(ProtocolError::TooManyFragments);
        }
        let room = self.limits.max_message.saturating_sub(self.buffer.len());
        if header.len > room as u64 {
            return Err(ProtocolError::TooBig);
        }
        Ok(())
    }

    fn control_part<'a>(
        &mut self,
        opcode: OpCode,
        chunk: &'a mut [u8],
        first: bool,
        last: bool,
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        let payload = if first && last {
            Cow::Borrowed(&*chunk)
        } else {
            self.control.extend_from_slice(chunk);
            if !last {
                return Ok(None);
            }
            Cow::Owned(mem::take(&mut self.control))
        };
        Ok(Some(match opcode {
            OpCode::Ping => Event::Ping(payload),
            OpCode::Pong => Event::Pong(payload),
            _ => Event::Close(CloseFrame::decode(&payload)?),
        }))
    }

    fn message_part<'a>(
        &mut self,
        chunk: &'a mut [u8],
        whole: bool,
        last: bool,
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        let text = self.message == Some(OpCode::Text);
        if whole && self.buffer.is_empty() && self.fragments == 1 {
            self.message = None;
            return Ok(Some(if text {
                Event::Text(std::str::from_utf8(chunk).map_err(|_| ProtocolError::Utf8)?.into())
            } else {
                Event::Binary(Cow::Borrowed(chunk))
            }));
        }
        self.buffer.extend_from_slice(chunk);
        if text {
            self.check_utf8(last)?;
        }
        if !last {
            return Ok(None);
        }
        self.message = None;
        self.valid = 0;
        let payload = mem::take(&mut self.buffer);
        Ok(Some(if text {
            Event::Text(String::from_utf8(payload).map_err(|_| ProtocolError::Utf8)?.into())
        } else {
            Event::Binary(payload.into())
        }))
    }

    /// Checks what is new in the buffer. A character may be cut at its end, but not a wrong one.
    fn check_utf8(&mut self, last: bool) -> Result<(), ProtocolError> {
        match std::str::from_utf8(&self.buffer[self.valid..]) {
            Ok(_) => self.valid = self.buffer.len(),
            Err(error) if error.error_len().is_some() || last => return Err(ProtocolError::Utf8),
            Err(error) => self.valid += error.valid_up_to(),
        }
        Ok(())
    }
}
