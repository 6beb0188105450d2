//! The stream below a connection, which holds back its end while a request is being
//! answered.
//!
//! A client may send its request, shut down its side for writing, and wait for the
//! response. hyper takes end-of-file for the end of the client and drops the request; or,
//! told not to, it does not notice a client that has gone while its poll waits.
//! So we decide: the end waits until the response is there, unless the request itself
//! waits for something to happen, or for more of its body.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The end may be seen.
const FREE: u8 = 0;
/// A request is being answered.
const HELD: u8 = 1;
/// It cannot be answered without more of its body. The next bytes may be the rest of it,
/// so they hold the end again until the request has seen them.
const WANTS_MORE: u8 = 2;

/// Whether a connection's end is held back.
#[derive(Debug, Default)]
pub(crate) struct Hold {
    state: AtomicU8,
    reader: AtomicWaker,
}

impl Hold {
    /// A request is being answered: its client's end can wait.
    pub(crate) fn hold(&self) {
        self.state.store(HELD, Ordering::Release);
    }

    /// The response is there, or it is waited for until the client has gone.
    pub(crate) fn release(&self) {
        self.state.store(FREE, Ordering::Release);
        self.reader.wake();
    }

    pub(crate) fn wants_more(&self) {
        if self.swap(HELD, WANTS_MORE) {
            self.reader.wake();
        }
    }

    fn more_came(&self) {
        self.swap(WANTS_MORE, HELD);
    }

    fn swap(&self, from: u8, to: u8) -> bool {
        let swapped =
            self.state
                .compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed);
        swapped.is_ok()
    }

    fn poll_released(&self, cx: &mut Context<'_>) -> Poll<()> {
        let held = || self.state.load(Ordering::Acquire) == HELD;
        if held() {
            self.reader.register(cx.waker());
            // It may have been released before the waker was there.
            if held() {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }
}

/// The stream. [`into_inner`](Self::into_inner) is for a connection that becomes a
/// `WebSocket`, which has its own rules.
pub(crate) struct Stream<IO, H> {
    io: IO,
    hold: H,
}

impl<IO, H> Stream<IO, H> {
    pub(crate) fn new(io: IO, hold: H) -> Self {
        Self { io, hold }
    }

    pub(crate) fn into_inner(self) -> IO {
        self.io
    }
}

impl<IO: AsyncRead + Unpin, H: AsRef<Hold> + Unpin> AsyncRead for Stream<IO, H> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buffer))?;
        if buffer.filled().len() == before {
            ready!(self.hold.as_ref().poll_released(cx));
        } else {
            self.hold.as_ref().more_came();
        }
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncWrite + Unpin, H: Unpin> AsyncWrite for Stream<IO, H> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
