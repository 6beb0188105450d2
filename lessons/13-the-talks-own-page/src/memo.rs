//! Remembers translations, so that an event for a thousand old clients is translated
//! once.
//!
//! A broadcast is one buffer that all its receivers share. So the address of the buffer
//! says whether this is the same event as a moment ago. The memo keeps a reference to
//! the buffer with its translation, and as long as it does, no other event can get that
//! address.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use engine_io::EncodedMessage;

use crate::machine::Piece;

/// How many translations are kept: a few broadcasts that are under way at the same time.
const SLOTS: usize = 32;
/// The largest message whose translation is kept, so that the memo has a bound in bytes.
const MAX_KEPT: usize = 16 << 10;

/// The last translations, for one kind of client.
#[derive(Debug, Default)]
pub struct Memo(Mutex<[Option<Kept>; SLOTS]>);

#[derive(Debug)]
struct Kept {
    frame: Bytes,
    /// With or without the offset of recovery.
    variant: bool,
    piece: Piece,
}

impl Memo {
    /// Returns the translation of a message, which is made if no other session has just
    /// asked for the same.
    pub(crate) fn get(
        &self,
        message: &EncodedMessage,
        variant: bool,
        translate: impl FnOnce() -> Option<Piece>,
    ) -> Option<Piece> {
        let frame = message.frame();
        if frame.len() > MAX_KEPT {
            return translate();
        }
        let slot = (frame.as_ptr() as usize >> 4) % SLOTS;
        let known = self.lock()[slot].as_ref().and_then(|kept| {
            let same = kept.frame.as_ptr() == frame.as_ptr()
                && kept.frame.len() == frame.len()
                && kept.variant == variant;
            same.then(|| kept.piece.clone())
        });
        if known.is_some() {
            return known;
        }
        let piece = translate()?;
        self.lock()[slot] = Some(Kept {
            frame: frame.clone(),
            variant,
            piece: piece.clone(),
        });
        Some(piece)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, [Option<Kept>; SLOTS]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_message_is_translated_once() {
        let memo = Memo::default();
        let message = EncodedMessage::text("2[\"a\"]");
        let mut count = 0;
        for _ in 0..1000 {
            let piece = memo.get(&message.clone(), false, || {
                count += 1;
                Some(Piece::text("5:::{\"name\":\"a\"}"))
            });
            assert_eq!(piece, Some(Piece::text("5:::{\"name\":\"a\"}")));
        }
        assert_eq!(count, 1);
    }

    #[test]
    fn messages_with_equal_text_at_other_addresses_are_others() {
        let memo = Memo::default();
        let mut count = 0;
        for round in 0..1000 {
            // The buffer is freed at once, and the next one may be in its place: the memo
            // must not take the one for the other.
            let message = EncodedMessage::text(&format!("2[{round:04}]"));
            let piece = memo.get(&message, false, || {
                count += 1;
                Some(Piece::text(round.to_string()))
            });
            assert_eq!(piece, Some(Piece::text(round.to_string())));
        }
        assert_eq!(count, 1000);
    }

    #[test]
    fn a_large_message_is_not_kept() {
        let memo = Memo::default();
        let message = EncodedMessage::text(&"x".repeat(MAX_KEPT));
        memo.get(&message, false, || Some(Piece::text("y")));
        assert!(memo.lock().iter().all(Option::is_none));
    }
}
