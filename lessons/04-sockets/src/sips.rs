//! The other half of a network that a test cannot wait for: a peer that takes little at a
//! time.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};

/// A stream that takes as many bytes a `write` as its list says, and what does not fit it
/// leaves with the writer.
///
/// ```
/// use std::io::Write;
///
/// let mut stream = sockets::Sips::new([2, 3]);
/// assert_eq!(stream.write(b"hello").unwrap(), 2);
/// assert_eq!(stream.write(b"hello").unwrap(), 3);
/// assert_eq!(stream.write(b"hello").unwrap(), 5); // the list is over: all is taken
/// assert_eq!(stream.taken(), b"hehelhello");
/// ```
#[derive(Debug, Default)]
pub struct Sips {
    sizes: VecDeque<Sip>,
    taken: Vec<u8>,
    calls: usize,
}

/// What one call of `write` does.
#[derive(Debug)]
enum Sip {
    Takes(usize),
    Fails(ErrorKind),
}

impl Sips {
    /// A stream whose first calls take this many bytes each. A size of 0 is a stream that
    /// takes no more.
    pub fn new(sizes: impl IntoIterator<Item = usize>) -> Self {
        Self {
            sizes: sizes.into_iter().map(Sip::Takes).collect(),
            ..Self::default()
        }
    }

    /// After those, one call that fails with an error of this kind and takes nothing.
    #[must_use]
    pub fn then_fails(mut self, kind: ErrorKind) -> Self {
        self.sizes.push_back(Sip::Fails(kind));
        self
    }

    /// All bytes that were taken, in order.
    pub fn taken(&self) -> &[u8] {
        &self.taken
    }

    /// How often `write` was called.
    pub fn calls(&self) -> usize {
        self.calls
    }
}

impl Write for Sips {
    /// Takes the next size of the list, or all when the list is over.
    ///
    /// # Panics
    /// At the call number 10,000: a test then fails with the reason, where it would hang.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.calls += 1;
        assert!(
            self.calls < 10_000,
            "`write` is called without end. See chapter 4, \"A write may be short\"."
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
