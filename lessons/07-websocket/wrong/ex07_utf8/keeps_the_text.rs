//! Caught by: no_text_is_kept
//!
//! Keeps all bytes, and checks all of them again with each chunk.

/// The bytes are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotUtf8;

/// Checks one text, and owns no heap memory.
#[derive(Debug, Default)]
pub struct Utf8 {
    text: Vec<u8>,
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
        self.text.extend_from_slice(chunk);
        match std::str::from_utf8(&self.text) {
            Err(error) if error.error_len().is_some() => Err(NotUtf8),
            _ => Ok(()),
        }
    }

    /// Ends the text.
    ///
    /// # Errors
    /// Returns an error if the text ends inside a character.
    pub fn finish(self) -> Result<(), NotUtf8> {
        match std::str::from_utf8(&self.text) {
            Ok(_) => Ok(()),
            Err(_) => Err(NotUtf8),
        }
    }
}
