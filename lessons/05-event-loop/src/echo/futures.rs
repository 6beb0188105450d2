//! An `async fn` for each connection, on this lesson's own executor: nearly the same text
//! as with tokio.

use std::io;
use std::net::TcpListener;

use super::{BUFFER, is_transient, whole_lines};
use crate::{Executor, Handle, Listener, Reactor, Stream};

/// Serves each client in a task, all in this thread.
///
/// # Errors
/// Returns the errors of `accept` and of the loop.
pub fn serve(listener: TcpListener) -> io::Result<()> {
    let mut executor = Executor::new(Reactor::new()?);
    let handle = executor.handle();
    executor.block_on(accept(handle, listener))?
}

async fn accept(handle: Handle, listener: TcpListener) -> io::Result<()> {
    let listener = Listener::new(&handle, listener)?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => handle.spawn(async move { drop(echo(stream).await) }),
            Err(error) if is_transient(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

// ANCHOR: futures
/// Sends each line back, until the client closes its side.
///
/// # Errors
/// Returns the errors of the connection and of [`whole_lines`].
pub async fn echo(stream: Stream) -> io::Result<()> {
    let (mut buffer, mut partial) = ([0; BUFFER], Vec::new());
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            count => {
                stream
                    .write_all(&whole_lines(&mut partial, &buffer[..count])?)
                    .await?;
            }
        }
    }
}
// ANCHOR_END: futures
