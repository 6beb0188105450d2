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
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::hold::Hold;

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
