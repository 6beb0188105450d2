//! A simulated machine with two threads, for the exercise `ex06_send`: its socket returns
//! the results that it was given, and after each wait the coroutine is on the other
//! thread.
//!
//! On a real machine a coroutine changes its thread now and then, so code that keeps the
//! address of `errno` fails now and then. Here it fails every time.

use std::collections::VecDeque;

/// The place of one thread's `errno`. It stands for the pointer that `__errno_location`
/// returns in C, but it is safe to keep and to use: an old one reads and writes the other
/// thread's `errno`, and nothing else goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrnoAddress(usize);

/// The end of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The socket can be ready: try again.
    Ready,
    /// The socket's own timeout (`SO_SNDTIMEO`) has expired.
    TimedOut,
    /// The coroutine has been cancelled.
    Cancelled,
}

/// Two threads, one coroutine, one socket.
#[derive(Debug)]
pub struct Machine {
    errno: [i32; 2],
    thread: usize,
    nonblocking: bool,
    tries: VecDeque<Result<usize, i32>>,
    waits: VecDeque<Wait>,
    tried: usize,
    sent: Vec<u8>,
}

impl Machine {
    /// Creates a blocking socket on which the next tries and waits end like this. `Ok` is
    /// the number of bytes that the kernel has room for, `Err` an error number.
    pub fn new(
        tries: impl IntoIterator<Item = Result<usize, i32>>,
        waits: impl IntoIterator<Item = Wait>,
    ) -> Self {
        Self {
            errno: [0; 2],
            thread: 0,
            nonblocking: false,
            tries: tries.into_iter().collect(),
            waits: waits.into_iter().collect(),
            tried: 0,
            sent: Vec::new(),
        }
    }

    /// Makes the socket non-blocking (`O_NONBLOCK`).
    #[must_use]
    pub fn nonblocking(self) -> Self {
        Self {
            nonblocking: true,
            ..self
        }
    }

    /// Sets the `errno` of the first and of the second thread.
    #[must_use]
    pub fn with_errno(self, errno: [i32; 2]) -> Self {
        Self { errno, ..self }
    }

    /// Sends without waiting. Returns the number of bytes that the kernel accepted, which
    /// can be fewer than `bytes` has, or -1 with the error's number in `errno`.
    ///
    /// # Panics
    /// Panics if it is called again after the machine's last result, because a loop that
    /// does so would never end.
    pub fn try_send(&mut self, bytes: &[u8]) -> isize {
        self.tried += 1;
        match self.tries.pop_front() {
            Some(Ok(room)) => {
                let count = room.min(bytes.len());
                self.sent.extend_from_slice(&bytes[..count]);
                count.cast_signed()
            }
            Some(Err(number)) => {
                self.errno[self.thread] = number;
                -1
            }
            None => panic!(
                "your call number {} of `try_send` is one too many: after the result \
                 before it, `send` had to return",
                self.tried
            ),
        }
    }

    /// Parks the coroutine, which then resumes on the other thread.
    ///
    /// # Panics
    /// Panics if the coroutine has no reason to wait, because it would never resume.
    pub fn wait(&mut self) -> Wait {
        self.thread = 1 - self.thread;
        self.waits.pop_front().unwrap_or_else(|| {
            panic!(
                "you called `wait` after {} of `try_send`, where the call must not park: \
                 nothing would ever wake the coroutine",
                match self.tried {
                    1 => "one call".to_owned(),
                    tried => format!("{tried} calls"),
                }
            )
        })
    }

    /// Returns whether the socket has the flag `O_NONBLOCK`.
    pub fn is_nonblocking(&self) -> bool {
        self.nonblocking
    }

    /// Returns the place of `errno` in the thread that the coroutine is on now.
    pub fn errno_address(&self) -> ErrnoAddress {
        ErrnoAddress(self.thread)
    }

    /// Reads the number at this place.
    pub fn read(&self, address: ErrnoAddress) -> i32 {
        self.errno[address.0]
    }

    /// Writes a number to this place.
    pub fn write(&mut self, address: ErrnoAddress, number: i32) {
        self.errno[address.0] = number;
    }

    /// Returns the `errno` of both threads.
    pub fn errno(&self) -> [i32; 2] {
        self.errno
    }

    /// Returns how often `try_send` was called.
    pub fn tried(&self) -> usize {
        self.tried
    }

    /// Returns the bytes that the kernel has accepted, in order.
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }
}
