//! Caught by: an_error_is_reported_at_its_byte
//!
//! Takes f5 for a first byte like f4.

use std::ops::RangeInclusive;

/// The bytes are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotUtf8;

const CONTINUATION: RangeInclusive<u8> = 0x80..=0xbf;

/// Checks one text, and owns no heap memory.
#[derive(Debug)]
pub struct Utf8 {
    /// How many bytes of the current character are still to come.
    missing: usize,
    /// The values that the next of them can have.
    next: RangeInclusive<u8>,
}

impl Default for Utf8 {
    fn default() -> Self {
        Self {
            missing: 0,
            next: CONTINUATION,
        }
    }
}

impl Utf8 {
    /// Creates the state before the first byte.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// Returns an error at the first byte that no UTF-8 text can have there.
    pub fn take(&mut self, chunk: &[u8]) -> Result<(), NotUtf8> {
        for &byte in chunk {
            if self.missing > 0 {
                if !self.next.contains(&byte) {
                    return Err(NotUtf8);
                }
                (self.missing, self.next) = (self.missing - 1, CONTINUATION);
                continue;
            }
            (self.missing, self.next) = match byte {
                0x00..=0x7f => (0, CONTINUATION),
                0xc2..=0xdf => (1, CONTINUATION),
                0xe0 => (2, 0xa0..=0xbf),
                0xe1..=0xec | 0xee..=0xef => (2, CONTINUATION),
                0xed => (2, 0x80..=0x9f),
                0xf0 => (3, 0x90..=0xbf),
                0xf1..=0xf3 => (3, CONTINUATION),
                0xf4..=0xf5 => (3, 0x80..=0x8f),
                _ => return Err(NotUtf8),
            };
        }
        Ok(())
    }

    /// Ends the text.
    ///
    /// # Errors
    /// Returns an error if the text ends inside a character.
    pub fn finish(self) -> Result<(), NotUtf8> {
        if self.missing == 0 {
            Ok(())
        } else {
            Err(NotUtf8)
        }
    }
}
