//! A stream without a network that accepts as few bytes per write as a test says.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};

/// A stream whose `write` accepts as many bytes as the next entry of its list says. The
/// rest is still the caller's to send.
///
/// ```
/// use std::io::Write;
///
/// let mut stream = sockets::Sips::new([2, 3]);
/// assert_eq!(stream.write(b"hello").unwrap(), 2);
/// assert_eq!(stream.write(b"hello").unwrap(), 3);
/// assert_eq!(stream.write(b"hello").unwrap(), 5); // the list has ended: accepts all
/// assert_eq!(stream.taken(), b"hehelhello");
/// ```
#[derive(Debug, Default)]
pub struct Sips {
    sizes: VecDeque<Sip>,
    taken: Vec<u8>,
    calls: usize,
}

/// The effect of one call of `write`.
#[derive(Debug)]
enum Sip {
    Takes(usize),
    Fails(ErrorKind),
}

impl Sips {
    /// Makes a stream whose first writes accept these numbers of bytes. A size of 0 is a
    /// stream that accepts no more.
    pub fn new(sizes: impl IntoIterator<Item = usize>) -> Self {
        Self {
            sizes: sizes.into_iter().map(Sip::Takes).collect(),
            ..Self::default()
        }
    }

    /// Adds one write that fails with an error of this kind and accepts nothing.
    #[must_use]
    pub fn then_fails(mut self, kind: ErrorKind) -> Self {
        self.sizes.push_back(Sip::Fails(kind));
        self
    }

    /// Returns all bytes that were accepted, in order.
    pub fn taken(&self) -> &[u8] {
        &self.taken
    }

    /// Returns the number of calls of `write`.
    pub fn calls(&self) -> usize {
        self.calls
    }
}

impl Write for Sips {
    /// Accepts as many bytes as the list's next entry says, or all of them after its end.
    ///
    /// # Panics
    /// Panics at call number 10,000, so that a test with an endless loop fails with a
    /// reason instead of hanging.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.calls += 1;
        assert!(
            self.calls < 10_000,
            "`write` is called without end. See chapter 4, \"Short writes\"."
        );
        let size = match self.sizes.pop_front() {
            Some(Sip::Fails(kind)) => return Err(kind.into()),
            Some(Sip::Takes(size)) => size.min(bytes.len()),
            None => bytes.len(),
        };
        self.taken.extend_from_slice(&bytes[..size]);
        Ok(size)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
