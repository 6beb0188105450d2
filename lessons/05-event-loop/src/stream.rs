//! Sockets for `async fn`s: try the call, and when it would wait, leave a waker with the
//! loop.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::{Handle, Interest, Ready, Source, Token, Trigger};

/// Who waits for a source, and what the loop has been asked.
#[derive(Default)]
struct Waiting {
    reader: Option<Waker>,
    writer: Option<Waker>,
    interest: Interest,
}

/// A source on the loop, taken off when dropped.
struct Watched {
    handle: Handle,
    token: Token,
    waiting: Rc<RefCell<Waiting>>,
}

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
            // It would be told again and again what nobody waits for.
            if waiting.interest != before {
                // It fails only for a source that is watched no more, and then nothing is
                // told at all.
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
    /// Makes a call that does not wait. When it would have waited, the task's waker stays
    /// with the loop.
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
        // It fails only when the token is not watched, and nobody else takes it off.
        let _ = self.handle.reactor().deregister(self.token);
    }
}

/// A TCP listener that can be awaited.
pub struct Listener {
    listener: Arc<TcpListener>,
    watched: Watched,
}

impl Listener {
    /// Takes a listener onto the loop.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn new(handle: &Handle, listener: TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let listener = Arc::new(listener);
        Ok(Self {
            watched: Watched::new(handle, listener.clone())?,
            listener,
        })
    }

    /// The next connection.
    ///
    /// # Errors
    /// Those of `accept`.
    pub async fn accept(&self) -> io::Result<(Stream, SocketAddr)> {
        let (stream, address) = poll_fn(|context| {
            self.watched
                .poll_call(context, true, || self.listener.accept())
        })
        .await?;
        Ok((Stream::new(&self.watched.handle, stream)?, address))
    }
}

/// A TCP connection that can be awaited. One task may read while another writes.
pub struct Stream {
    stream: Arc<TcpStream>,
    watched: Watched,
}

impl Stream {
    /// Takes a connection onto the loop.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn new(handle: &Handle, stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let stream = Arc::new(stream);
        Ok(Self {
            watched: Watched::new(handle, stream.clone())?,
            stream,
        })
    }

    // ANCHOR: read
    /// Reads what has come, at least one byte, or 0 at the end.
    ///
    /// # Errors
    /// Those of `read`.
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
    /// # Errors
    /// `WriteZero` when the connection takes no more, and those of `write`.
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
}
