//! Compression of messages: DEFLATE without its last four bytes (RFC 7692 §7.2).
//!
//! A compressor writes a message and flushes, which ends its output with an empty block:
//! `00 00 ff ff`. Every message ends with these bytes, so the sender leaves them out and
//! the receiver puts them back. The compressor and the decompressor remember up to 32 KiB of what came
//! before, the *context*. If both sides agreed to forget it after each message, a message
//! depends on itself alone: the compressor can be borrowed from the thread, the
//! decompressor lives as long as its message, and an idle connection owns neither.

use std::cell::RefCell;

use bytes::Bytes;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::frame::{RSV1, encode};
use crate::{Deflate, OpCode, ProtocolError, Role};

/// The end of every flushed message, which is not sent.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
/// The largest window, 32 KiB.
pub(crate) const MAX_WINDOW_BITS: u8 = 15;
/// Of 1 to 9. It takes about a quarter of the time of 6, which is usual, for texts that
/// are about a quarter longer.
const LEVEL: u32 = 1;
/// How many bytes are inflated before they are checked.
const CHUNK: usize = 8 * 1024;
/// How much of a sender's overhead is allowed: an eighth of the message (the worst that
/// DEFLATE's own code makes of bytes), and this for each frame.
const FRAME_OVERHEAD: usize = 32;

thread_local! {
    /// For messages without context. About 380 KB, once per thread that compresses.
    static COMPRESSOR: RefCell<Option<Compress>> = const { RefCell::new(None) };
}

/// Compresses the messages of one direction.
///
/// ```
/// use websocket::{Deflate, Deflater, Role};
///
/// let mut deflater = Deflater::new(Role::Server, Deflate::NO_CONTEXT);
/// // The example of RFC 7692 §7.2.3.1.
/// assert_eq!(deflater.deflate(b"Hello"), b"\xf2\x48\xcd\xc9\xc9\x07\x00");
/// ```
#[derive(Debug)]
pub struct Deflater {
    window_bits: u8,
    takeover: bool,
    /// With context takeover, once a message has been compressed: about 380 KB with the
    /// largest window, 250 KB with the smallest.
    compress: Option<Box<Compress>>,
}

impl Deflater {
    /// Creates the compressor of one side: `role` says which. It owns no memory until the
    /// first message.
    pub const fn new(role: Role, agreed: Deflate) -> Self {
        let (no_takeover, bits) = match role {
            Role::Server => (
                agreed.server_no_context_takeover,
                agreed.server_max_window_bits,
            ),
            Role::Client => (
                agreed.client_no_context_takeover,
                agreed.client_max_window_bits,
            ),
        };
        Self {
            window_bits: match bits {
                Some(bits) => bits,
                None => MAX_WINDOW_BITS,
            },
            takeover: !no_takeover,
            compress: None,
        }
    }

    // ANCHOR: deflate
    /// Returns a message compressed, without the tail. With context takeover it has to be
    /// sent: the next message can refer to it.
    pub fn deflate(&mut self, payload: &[u8]) -> Vec<u8> {
        if self.takeover {
            let fresh = || Box::new(compressor(self.window_bits));
            return flushed(self.compress.get_or_insert_with(fresh), payload);
        }
        if self.window_bits != MAX_WINDOW_BITS {
            return flushed(&mut compressor(self.window_bits), payload);
        }
        COMPRESSOR.with_borrow_mut(|shared| {
            let compress = shared.get_or_insert_with(|| compressor(MAX_WINDOW_BITS));
            compress.reset();
            flushed(compress, payload)
        })
    }
    // ANCHOR_END: deflate

    /// Whether a message depends on those before it.
    pub(crate) const fn takes_over(&self) -> bool {
        self.takeover
    }
}

fn compressor(window_bits: u8) -> Compress {
    Compress::new_with_window_bits(Compression::new(LEVEL), false, window_bits)
}

// ANCHOR: flushed
/// Compresses a message and takes off the tail.
fn flushed(compress: &mut Compress, payload: &[u8]) -> Vec<u8> {
    let before = compress.total_in();
    let mut out = Vec::with_capacity(payload.len() / 2 + 64);
    loop {
        let taken = usize::try_from(compress.total_in() - before).unwrap_or(usize::MAX);
        let rest = payload.get(taken..).unwrap_or_default();
        let result = compress.compress_vec(rest, &mut out, FlushCompress::Sync);
        // Room left in the buffer: there is nothing more to come. A compressor fails only
        // if it is called in a wrong order, which this function does not.
        if result.is_err() || out.len() < out.capacity() {
            break;
        }
        out.reserve(out.len() / 2 + 64);
    }
    if out.ends_with(&TAIL) {
        out.truncate(out.len() - TAIL.len());
    }
    if out.is_empty() {
        // A message is never empty (RFC 7692 §7.2.3.6): one byte that the tail completes
        // to an empty block.
        out.push(0);
    }
    out
}
// ANCHOR_END: flushed

/// Returns a server's compressed frame for everyone who agreed on
/// [`server_no_context_takeover`](Deflate::server_no_context_takeover) and the largest
/// window, or `None` if compression does not make it smaller.
///
/// ```
/// use websocket::{OpCode, encode_compressed_frame};
/// let frame = encode_compressed_frame(OpCode::Text, &[b'a'; 1000]).expect("it is smaller");
/// assert_eq!((frame[0], frame.len() < 20), (0xc1, true));
/// assert_eq!(encode_compressed_frame(OpCode::Text, b"Hi"), None);
/// ```
pub fn encode_compressed_frame(opcode: OpCode, payload: &[u8]) -> Option<Bytes> {
    let payload_deflated =
        Deflater::new(Role::Server, Deflate::NO_CONTEXT).deflate(payload);
    if payload_deflated.len() >= payload.len() {
        return None;
    }
    let mut frame = encode(opcode, &payload_deflated, None);
    frame[0] |= RSV1;
    Some(frame.into())
}

/// Decompresses the messages of one direction, a frame's piece at a time.
#[derive(Debug)]
pub(crate) struct Inflater {
    takeover: bool,
    /// While a compressed message arrives, and with context takeover ever after: about
    /// 48 KB.
    stream: Option<Box<Decompress>>,
    /// The unfinished message is compressed.
    active: bool,
    /// Bytes of it that were announced, as compressed.
    announced: usize,
}

impl Inflater {
    /// Creates the decompressor of one side.
    pub(crate) const fn new(role: Role, agreed: Deflate) -> Self {
        let no_takeover = match role {
            Role::Server => agreed.client_no_context_takeover,
            Role::Client => agreed.server_no_context_takeover,
        };
        Self {
            takeover: !no_takeover,
            stream: None,
            active: false,
            announced: 0,
        }
    }

    /// A message begins.
    pub(crate) const fn begin(&mut self, compressed: bool) {
        self.active = compressed;
        self.announced = 0;
    }

    /// Whether the unfinished message is compressed.
    pub(crate) const fn is_active(&self) -> bool {
        self.active
    }

    /// Counts a frame of the message, before any of it has arrived. Bytes that inflate to
    /// nothing cost time all the same.
    ///
    /// # Errors
    /// No sender needs as many bytes for a message within the limit.
    pub(crate) fn announce(
        &mut self,
        len: usize,
        max: usize,
    ) -> Result<(), ProtocolError> {
        self.announced = self.announced.saturating_add(len);
        let allowed = max.saturating_add(max / 8).saturating_add(FRAME_OVERHEAD);
        if self.announced > allowed {
            return Err(ProtocolError::MessageTooBig(max));
        }
        // The overhead of this frame does not count for the next.
        self.announced = self.announced.saturating_sub(FRAME_OVERHEAD);
        Ok(())
    }

    // ANCHOR: inflate
    /// Inflates a piece and passes it to `take` a chunk at a time, which can refuse it: a
    /// bomb ends at the first chunk over the limit. `last` is the end of the message.
    pub(crate) fn inflate(
        &mut self,
        piece: &[u8],
        last: bool,
        mut take: impl FnMut(&[u8]) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        let stream = self
            .stream
            .get_or_insert_with(|| Box::new(Decompress::new(false)));
        for mut input in [piece, if last { &TAIL } else { &[] }] {
            let mut chunk = [0; CHUNK];
            loop {
                let (read, written) = (stream.total_in(), stream.total_out());
                let result = stream.decompress(input, &mut chunk, FlushDecompress::Sync);
                let count = |now: u64, before| usize::try_from(now - before).unwrap_or(0);
                let read = count(stream.total_in(), read);
                let written = count(stream.total_out(), written);
                input = &input[read..];
                // The bytes before a mistake are checked first: the error must not depend on
                // how the network cut the message.
                take(&chunk[..written])?;
                let status = result.map_err(|_| ProtocolError::Deflate)?;
                if status == Status::StreamEnd {
                    // A block that calls itself the last one (RFC 7692 §7.2.3.4).
                    stream.reset(false);
                } else if read == 0 && written < CHUNK {
                    break;
                }
                if input.is_empty() && written < CHUNK {
                    break;
                }
            }
            if !input.is_empty() {
                return Err(ProtocolError::Deflate);
            }
        }
        if last {
            self.active = false;
            if !self.takeover {
                self.stream = None;
            }
        }
        Ok(())
    }
    // ANCHOR_END: inflate
}
