//! A machine of two threads to practise on: its socket answers as it was told, and after
//! each wait the coroutine is in the other thread.
//!
//! On a real machine that happens now and then, and a program that keeps the address of
//! `errno` is wrong now and then. Here it happens each time.

use std::collections::VecDeque;

/// Where a thread's `errno` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrnoAddress(usize);

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// There may be something now.
    Ready,
    /// The socket's own timeout (`SO_RCVTIMEO`) is over.
    TimedOut,
    /// The coroutine is to end.
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
}

impl Machine {
    /// A blocking socket whose next tries and waits end like this.
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
        }
    }

    /// The same with `O_NONBLOCK`.
    #[must_use]
    pub fn nonblocking(self) -> Self {
        Self {
            nonblocking: true,
            ..self
        }
    }

    /// The same with these numbers in the `errno` of the first and of the second thread.
    #[must_use]
    pub fn with_errno(self, errno: [i32; 2]) -> Self {
        Self { errno, ..self }
    }

    /// Tries to receive without waiting: a count, or -1 and a number in `errno`.
    ///
    /// # Panics
    /// When it is tried more often than the machine was told of: then it would be tried
    /// for ever.
    pub fn try_recv(&mut self) -> isize {
        self.tried += 1;
        match self.tries.pop_front() {
            Some(Ok(count)) => count.cast_signed(),
            Some(Err(number)) => {
                self.errno[self.thread] = number;
                -1
            }
            None => panic!("try {} was one too many", self.tried),
        }
    }

    /// Parks the coroutine. It goes on in the other thread.
    ///
    /// # Panics
    /// When there was no reason to wait: then it would wait for ever.
    pub fn wait(&mut self) -> Wait {
        self.thread = 1 - self.thread;
        self.waits
            .pop_front()
            .unwrap_or_else(|| panic!("a wait with nothing to wait for"))
    }

    /// Whether the socket has the flag `O_NONBLOCK`.
    pub fn is_nonblocking(&self) -> bool {
        self.nonblocking
    }

    /// Where the `errno` of the thread is in which the coroutine runs now.
    pub fn errno_address(&self) -> ErrnoAddress {
        ErrnoAddress(self.thread)
    }

    /// The number at this address.
    pub fn read(&self, address: ErrnoAddress) -> i32 {
        self.errno[address.0]
    }

    /// Puts a number at this address.
    pub fn write(&mut self, address: ErrnoAddress, number: i32) {
        self.errno[address.0] = number;
    }

    /// The `errno` of both threads.
    pub fn errno(&self) -> [i32; 2] {
        self.errno
    }

    /// How often it was tried.
    pub fn tried(&self) -> usize {
        self.tried
    }
}
