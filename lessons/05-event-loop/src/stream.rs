//! Sockets for `async fn`s: try the call, and if it would block, leave a waker with the
//! loop.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::{Handle, Interest, Ready, Source, Token, Trigger};

// ANCHOR: waiting
/// The wakers that wait for a source, and the interest that the loop knows of.
#[derive(Default)]
struct Waiting {
    reader: Option<Waker>,
    writer: Option<Waker>,
    interest: Interest,
}

/// A source on the loop. Deregistered when dropped.
struct Watched {
    handle: Handle,
    token: Token,
    waiting: Rc<RefCell<Waiting>>,
}
// ANCHOR_END: waiting

impl Watched {
    fn new(handle: &Handle, source: Source) -> io::Result<Self> {
        let waiting = Rc::new(RefCell::new(Waiting::default()));
        let shared = waiting.clone();
        // ANCHOR: on_ready
        let on_ready = move |reactor: &mut crate::Reactor, ready: Ready| {
            let mut waiting = shared.borrow_mut();
            let before = waiting.interest;
            if ready.readable {
                match waiting.reader.take() {
                    Some(waker) => waker.wake(),
                    None => waiting.interest.readable = false,
                }
            }
            if ready.writable {
                match waiting.writer.take() {
                    Some(waker) => waker.wake(),
                    None => waiting.interest.writable = false,
                }
            }
            // Level-triggered: a source that no task waits for would be reported again at
            // every turn.
            if waiting.interest != before {
                // This fails only for a source that is no longer watched.
                let _ = reactor.change(ready.token, waiting.interest);
            }
        };
        // ANCHOR_END: on_ready
        let token = handle.reactor().register(
            source,
            Interest::NONE,
            Trigger::Level,
            on_ready,
        )?;
        Ok(Self {
            handle: handle.clone(),
            token,
            waiting,
        })
    }

    // ANCHOR: poll_call
    /// Tries a non-blocking call. If it would have blocked, the task's waker stays with
    /// the loop.
    fn poll_call<T>(
        &self,
        context: &mut Context<'_>,
        reads: bool,
        mut call: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            match call() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return Poll::Ready(result),
            }
        }
        let mut waiting = self.waiting.borrow_mut();
        let before = waiting.interest;
        let waker = Some(context.waker().clone());
        if reads {
            (waiting.reader, waiting.interest.readable) = (waker, true);
        } else {
            (waiting.writer, waiting.interest.writable) = (waker, true);
        }
        if waiting.interest != before {
            self.handle.reactor().change(self.token, waiting.interest)?;
        }
        Poll::Pending
    }
    // ANCHOR_END: poll_call
}

impl Drop for Watched {
    fn drop(&mut self) {
        // This fails only for an unknown token, and ours is known until now.
        let _ = self.handle.reactor().deregister(self.token);
    }
}

/// A TCP listener whose `accept` can be awaited.
pub struct Listener {
    listener: Arc<TcpListener>,
    watched: Watched,
}

impl Listener {
    /// Registers a listener with the loop.
    ///
    /// # Errors
    /// Returns the kernel's errors.
    pub fn new(handle: &Handle, listener: TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let listener = Arc::new(listener);
        Ok(Self {
            watched: Watched::new(handle, listener.clone())?,
            listener,
        })
    }

    /// Accepts the next connection.
    ///
    /// Cancel-safe: a future that is dropped has accepted nothing.
    ///
    /// # Errors
    /// Returns the errors of `accept`.
    pub async fn accept(&self) -> io::Result<(Stream, SocketAddr)> {
        let (stream, address) = poll_fn(|context| {
            self.watched
                .poll_call(context, true, || self.listener.accept())
        })
        .await?;
        Ok((Stream::new(&self.watched.handle, stream)?, address))
    }
}

/// A TCP connection whose reads and writes can be awaited. One task can read while
/// another writes.
pub struct Stream {
    stream: Arc<TcpStream>,
    watched: Watched,
}

impl Stream {
    /// Registers a connection with the loop.
    ///
    /// # Errors
    /// Returns the kernel's errors.
    pub fn new(handle: &Handle, stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let stream = Arc::new(stream);
        Ok(Self {
            watched: Watched::new(handle, stream.clone())?,
            stream,
        })
    }

    // ANCHOR: read
    /// Reads the bytes that have arrived, at least one, or returns 0 at the end of file.
    ///
    /// Cancel-safe: a future that is dropped has read nothing.
    ///
    /// # Errors
    /// Returns the errors of `read`.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        poll_fn(|context| {
            self.watched
                .poll_call(context, true, || (&*self.stream).read(buffer))
        })
        .await
    }
    // ANCHOR_END: read

    /// Writes all of `bytes`.
    ///
    /// Not cancel-safe: a future that is dropped might have written the first part of
    /// them, and does not say how much.
    ///
    /// # Errors
    /// Returns `WriteZero` if a write accepts nothing, and the errors of `write`.
    // ANCHOR: write_all
    pub async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let write = || (&*self.stream).write(bytes);
            match poll_fn(|context| self.watched.poll_call(context, false, write)).await?
            {
                0 => return Err(ErrorKind::WriteZero.into()),
                count => bytes = &bytes[count..],
            }
        }
        Ok(())
    }
    // ANCHOR_END: write_all
}
