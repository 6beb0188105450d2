//! The TCP stream below a connection, which holds back its end while a request is being
//! answered.
//!
//! A client may send its request, shut down its side for writing, and wait for the
//! response. hyper takes the end of what it reads for the end of the client and drops the
//! request; or, told not to, does not notice a client that has gone while its poll waits.
//! So we decide: the end waits until the response is there, unless the request itself
//! waits for something to happen.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Whether a connection's end is held back.
#[derive(Debug, Default)]
pub(crate) struct Hold {
    held: AtomicBool,
    reader: AtomicWaker,
}

impl Hold {
    /// A request is being answered: its client's end can wait.
    pub(crate) fn hold(&self) {
        self.held.store(true, Ordering::Release);
    }

    /// The response is there, or it is waited for until the client has gone.
    pub(crate) fn release(&self) {
        self.held.store(false, Ordering::Release);
        self.reader.wake();
    }

    fn poll_released(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.held.load(Ordering::Acquire) {
            self.reader.register(cx.waker());
            // It may have been released before the waker was there.
            if self.held.load(Ordering::Acquire) {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }
}

/// The stream. [`into_inner`](Self::into_inner) is for a connection that becomes a
/// `WebSocket`, which has its own rules.
pub(crate) struct Stream<H> {
    tcp: TcpStream,
    hold: H,
}

impl<H> Stream<H> {
    pub(crate) fn new(tcp: TcpStream, hold: H) -> Self {
        Self { tcp, hold }
    }

    pub(crate) fn into_inner(self) -> TcpStream {
        self.tcp
    }
}

impl<H: AsRef<Hold> + Unpin> AsyncRead for Stream<H> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(cx, buffer))?;
        if buffer.filled().len() == before {
            ready!(self.hold.as_ref().poll_released(cx));
        }
        Poll::Ready(Ok(()))
    }
}

impl<H: Unpin> AsyncWrite for Stream<H> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }
}
