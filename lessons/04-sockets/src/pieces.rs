//! A stream without a network that cuts its bytes where a test says.

use std::collections::VecDeque;
use std::io::{self, Read};

/// The number of reads allowed after end-of-file. A reader that needs more is in an
/// endless loop.
const READS_AFTER_THE_END: u32 = 100;

/// A stream that delivers one of the given pieces per read, and then ends.
///
/// ```
/// use std::io::Read;
///
/// let mut stream = sockets::Pieces::new(["he", "llo"]);
/// let mut buffer = [0; 16];
/// assert_eq!(stream.read(&mut buffer).unwrap(), 2);
/// assert_eq!(stream.read(&mut buffer).unwrap(), 3);
/// assert_eq!(stream.read(&mut buffer).unwrap(), 0); // end-of-file
/// ```
#[derive(Debug)]
pub struct Pieces {
    pieces: VecDeque<Vec<u8>>,
    reads_after_the_end: u32,
}

impl Pieces {
    /// Makes a stream of these pieces. Empty ones are left out, because a read of 0 bytes
    /// would mean end-of-file.
    pub fn new(pieces: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let pieces = pieces
            .into_iter()
            .map(|piece| piece.as_ref().to_vec())
            .filter(|piece| !piece.is_empty());
        Self {
            pieces: pieces.collect(),
            reads_after_the_end: 0,
        }
    }
}

impl Read for Pieces {
    /// Returns one piece, or as much of it as fits into `buffer`; the next read returns
    /// the rest.
    ///
    /// # Panics
    /// Panics if it is read again and again after end-of-file, so that a test with an
    /// endless loop fails with a reason instead of hanging.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(mut piece) = self.pieces.pop_front() else {
            self.reads_after_the_end += 1;
            assert!(
                self.reads_after_the_end <= READS_AFTER_THE_END,
                "the stream has ended (`read` returned `Ok(0)`) and is still being read: \
                 a loop has to stop there. See chapter 4, \"End of file\"."
            );
            return Ok(0);
        };
        let taken = piece.len().min(buffer.len());
        buffer[..taken].copy_from_slice(&piece[..taken]);
        if taken < piece.len() {
            self.pieces.push_front(piece.split_off(taken));
        }
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::Pieces;

    #[test]
    fn a_piece_larger_than_the_buffer_takes_two_reads() {
        let mut stream = Pieces::new(["abc", "", "d"]);
        let mut buffer = [0; 2];
        let mut sizes = Vec::new();
        for _ in 0..4 {
            sizes.push(stream.read(&mut buffer).unwrap());
        }
        assert_eq!(sizes, [2, 1, 1, 0]);
    }

    #[test]
    #[should_panic(expected = "has ended")]
    fn an_endless_reader_is_stopped() {
        let mut stream = Pieces::new([""; 0]);
        while stream.read(&mut [0]).unwrap() == 0 {}
    }
}
