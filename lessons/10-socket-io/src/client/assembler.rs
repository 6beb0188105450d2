//! Packets from messages: a packet's text, and the attachments that follow it.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::config::Limits;
use crate::error::ParseError;
use crate::wire::binary;
use crate::wire::packet::{Packet, PacketLimits};

/// A packet whose attachments are still due, if there is one.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    pending: Option<Pending>,
}

#[derive(Debug)]
struct Pending {
    text: Box<str>,
    count: usize,
    attachments: Vec<Bytes>,
    bytes: usize,
    since: Instant,
}

/// A packet's text and its attachments: complete, and valid JSON with a placeholder for
/// each attachment.
pub(super) type Whole<T> = (T, Vec<Bytes>);

impl Assembler {
    /// Takes a packet's text. Returns the packet if it has no attachments.
    pub(super) fn text<'a>(
        &mut self,
        now: Instant,
        text: &'a str,
        limits: &Limits,
    ) -> Result<Option<Whole<&'a str>>, ParseError> {
        let packet = parse(text, limits)?;
        if self.pending.is_some() {
            return Err(ParseError::OutOfOrder);
        }
        if packet.attachments == 0 {
            if !packet.data.is_empty() {
                binary::check_json(packet.data)?;
            }
            return Ok(Some((text, Vec::new())));
        }
        self.pending = Some(Pending {
            text: text.into(),
            count: packet.attachments,
            attachments: Vec::new(),
            bytes: 0,
            since: now,
        });
        Ok(None)
    }

    /// Takes an attachment. Returns the packet if it was the last one.
    pub(super) fn attachment(
        &mut self,
        bytes: Bytes,
        limits: &Limits,
    ) -> Result<Option<Whole<Box<str>>>, ParseError> {
        let mut pending = self.pending.take().ok_or(ParseError::OutOfOrder)?;
        pending.bytes += bytes.len();
        if pending.bytes > limits.max_attachment_bytes {
            return Err(ParseError::AttachmentBytes);
        }
        pending.attachments.push(bytes);
        if pending.attachments.len() < pending.count {
            self.pending = Some(pending);
            return Ok(None);
        }
        let packet = parse(&pending.text, limits)?;
        if !binary::placeholders_fit(packet.data, pending.count)? {
            return Err(ParseError::Placeholder);
        }
        Ok(Some((pending.text, pending.attachments)))
    }

    /// When the attachments that are due are overdue.
    pub(super) fn timeout(&self, patience: Duration) -> Option<Instant> {
        self.pending.as_ref()?.since.checked_add(patience)
    }

    /// Forgets what has come so far.
    pub(super) fn clear(&mut self) {
        self.pending = None;
    }
}

/// Reads a packet's text within the limits.
pub(super) fn parse<'a>(
    text: &'a str,
    limits: &Limits,
) -> Result<Packet<'a>, ParseError> {
    let limits = PacketLimits {
        max_attachments: limits.max_attachments,
        max_depth: limits.max_depth,
    };
    Packet::parse_within(text, limits)
}
