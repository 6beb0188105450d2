//! A task for each connection, with tokio.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{BUFFER, is_transient, whole_lines};

// ANCHOR: tokio
/// Serves each client in a task, all in this thread.
///
/// # Errors
/// Returns the errors of `accept`.
pub fn serve(listener: std::net::TcpListener) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::from_std(listener)?;
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(echo(stream))),
                Err(error) if is_transient(&error) => {}
                Err(error) => return Err(error),
            }
        }
    })
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
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
// ANCHOR_END: tokio
