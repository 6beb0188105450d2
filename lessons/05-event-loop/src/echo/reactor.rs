//! Callbacks on our own loop. The position in the function and the local variables of the
//! threaded server become the fields of a struct: a state machine.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::Arc;

use super::{BUFFER, is_transient, whole_lines};
use crate::{Interest, Reactor, Ready, Trigger};

// ANCHOR: connection
/// One client between two events: the beginning of an incomplete line, and the answers
/// that the kernel has not accepted yet.
#[derive(Default)]
pub struct Connection {
    partial: Vec<u8>,
    unsent: Vec<u8>,
}
// ANCHOR_END: connection

impl Connection {
    /// Does everything that can be done without waiting. Returns what to wait for next,
    /// or `None` when the conversation is over.
    ///
    /// Nothing is read while an answer is unsent, so a client that does not read its
    /// answers cannot make the server collect them.
    ///
    /// # Errors
    /// Returns the errors of the stream and of [`whole_lines`].
    // ANCHOR: go_on
    pub fn go_on(
        &mut self,
        mut stream: impl Read + Write,
        buffer: &mut [u8],
    ) -> io::Result<Option<Interest>> {
        if !self.unsent.is_empty() {
            let count = without_waiting(stream.write(&self.unsent))?.unwrap_or(0);
            self.unsent.drain(..count);
            if !self.unsent.is_empty() {
                return Ok(Some(Interest::WRITABLE));
            }
        }
        match without_waiting(stream.read(buffer))? {
            None => {}
            Some(0) => return Ok(None),
            Some(read) => {
                let lines = whole_lines(&mut self.partial, &buffer[..read])?;
                if !lines.is_empty() {
                    let written = without_waiting(stream.write(&lines))?.unwrap_or(0);
                    self.unsent.extend_from_slice(&lines[written..]);
                }
            }
        }
        Ok(Some(if self.unsent.is_empty() {
            Interest::READABLE
        } else {
            Interest::WRITABLE
        }))
    }
    // ANCHOR_END: go_on
}

/// Maps a call that would have waited, or that a signal interrupted, to `None`: the loop
/// will call again.
fn without_waiting(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error)
            if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

// ANCHOR: serve
/// Serves every client with callbacks, all in this thread.
///
/// # Errors
/// Returns the errors of `accept` and of the loop.
pub fn serve(listener: TcpListener) -> io::Result<()> {
    let mut reactor = Reactor::new()?;
    let failed = accept_on(&mut reactor, listener)?;
    reactor.run()?;
    failed.take().map_or(Ok(()), Err)
}

/// Registers the listener. Returns the place where the callback leaves the error that
/// stopped the loop.
fn accept_on(
    reactor: &mut Reactor,
    listener: TcpListener,
) -> io::Result<Rc<RefCell<Option<io::Error>>>> {
    listener.set_nonblocking(true)?;
    let listener = Arc::new(listener);
    let failed = Rc::new(RefCell::new(None));
    let place = failed.clone();
    // One buffer for all connections: none needs it between two callbacks.
    let buffer = Rc::new(RefCell::new([0; BUFFER]));
    reactor.register(
        listener.clone(),
        Interest::READABLE,
        Trigger::Level,
        move |reactor, _| {
            let accepted = listener
                .accept()
                .and_then(|(stream, _)| converse_on(reactor, stream, buffer.clone()));
            match accepted {
                Err(error)
                    if error.kind() != ErrorKind::WouldBlock && !is_transient(&error) =>
                {
                    *place.borrow_mut() = Some(error);
                    reactor.stop();
                }
                _ => {}
            }
        },
    )?;
    Ok(failed)
}

fn converse_on(
    reactor: &mut Reactor,
    stream: TcpStream,
    buffer: Rc<RefCell<[u8; BUFFER]>>,
) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    let stream = Arc::new(stream);
    let (mut connection, mut asked) = (Connection::default(), Interest::READABLE);
    let source = stream.clone();
    // ANCHOR: on_ready
    let on_ready = move |reactor: &mut Reactor, ready: Ready| {
        let next = connection
            .go_on(&*stream, &mut *buffer.borrow_mut())
            .ok()
            .flatten();
        let heard = match next {
            Some(next) if next == asked => Ok(()),
            Some(next) => {
                asked = next;
                reactor.change(ready.token, next)
            }
            None => reactor.deregister(ready.token),
        };
        // These calls fail only for a token that is no longer registered, and then there
        // is nothing left to do.
        drop(heard);
    };
    // ANCHOR_END: on_ready
    reactor
        .register(source, asked, Trigger::Level, on_ready)
        .map(drop)
}
// ANCHOR_END: serve
