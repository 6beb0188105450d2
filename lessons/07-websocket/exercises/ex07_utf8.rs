//! # Text, checked while it comes
//!
//! A text message of a hundred megabytes is not kept until it is whole only to find that
//! its third byte was wrong. Check the bytes of one message as they come, in chunks that
//! may cut a character anywhere, and keep no text: say so at the first byte that no UTF-8
//! text can have there.
//!
//! What may come where (Unicode 16, table 3-7); everything else is wrong:
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
//! Try it: `cargo test --test ex07_utf8`

/// What came is no UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotUtf8;

/// Checks one text. It owns no heap memory, however long the text.
#[derive(Debug, Default)]
pub struct Utf8 {
    // Yours: what do the bytes so far say about the next one?
}

impl Utf8 {
    /// Before the first byte.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// A byte that no UTF-8 text can have there.
    pub fn take(&mut self, chunk: &[u8]) -> Result<(), NotUtf8> {
        todo!("exercise ex07_utf8: may {chunk:02x?} come next?")
    }

    /// The text is over: does it end where a character does?
    ///
    /// # Errors
    /// When it ends inside of one.
    pub fn finish(self) -> Result<(), NotUtf8> {
        todo!("exercise ex07_utf8: is this an end?")
    }
}
