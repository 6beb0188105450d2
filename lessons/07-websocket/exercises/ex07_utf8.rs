//! # Text, checked while it arrives
//!
//! A server that checks a text of a hundred megabytes only when it is complete keeps a
//! hundred megabytes to find that the third byte was wrong. Check the bytes of one text
//! while they arrive, in chunks that can cut a character anywhere.
//!
//! - `take` returns an error at the first byte that no UTF-8 text can have there. After
//!   an error it is not called again.
//! - `finish` returns an error if the text ends inside a character.
//! - Keep no text: `Utf8` owns no heap memory.
//!
//! These are the bytes that a character can have (Unicode 16, table 3-7). Everything else
//! is wrong:
//!
//! | first byte | second | third | fourth |
//! |---|---|---|---|
//! | `00..=7f` | | | |
//! | `c2..=df` | `80..=bf` | | |
//! | `e0` | `a0..=bf` | `80..=bf` | |
//! | `e1..=ec`, `ee`, `ef` | `80..=bf` | `80..=bf` | |
//! | `ed` | `80..=9f` | `80..=bf` | |
//! | `f0` | `90..=bf` | `80..=bf` | `80..=bf` |
//! | `f1..=f3` | `80..=bf` | `80..=bf` | `80..=bf` |
//! | `f4` | `80..=8f` | `80..=bf` | `80..=bf` |
//!
//! In a `match`, `0xe1..=0xec | 0xee..=0xef` is one pattern: either of two ranges.
//!
//! Try it: `cargo test --test ex07_utf8`

/// The bytes are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotUtf8;

/// Checks one text, and owns no heap memory.
#[derive(Debug, Default)]
pub struct Utf8 {
    // Yours: what do the bytes so far say about the next one?
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
        todo!("exercise ex07_utf8: may {chunk:02x?} come next?")
    }

    /// Ends the text.
    ///
    /// # Errors
    /// Returns an error if the text ends inside a character.
    pub fn finish(self) -> Result<(), NotUtf8> {
        todo!("exercise ex07_utf8: is this an end?")
    }
}
