//! Dropping a future that waits, and what it had read.

use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use anyhow::{Result, ensure};
use event_loop::{Either, Executor, Handle, Reactor, Stream, select};

use super::{found, heading, row};

pub(crate) fn show() -> Result<()> {
    heading("A future is dropped while it waits");
    let mut executor = Executor::new(Reactor::new()?);
    let handle = executor.handle();
    let timers = executor.block_on(dropped_sleep(handle.clone()))?;
    row(format!(
        "{:<52} {} timer, then {}",
        "a sleep is polled, then dropped", timers.0, timers.1
    ));
    ensure!(timers == (1, 0), "the timer is still set: {timers:?}");

    let (first, second) = executor.block_on(half_a_message(handle.clone()))??;
    row(format!(
        "{:<52} {first}",
        "`hello` is read with a limit of 50 ms; `he` arrives"
    ));
    row(format!(
        "{:<52} {second}",
        "`llo` and `world` arrive; `hello` is read again"
    ));
    ensure!(
        first == "timed out" && second == "llowo",
        "{first}, {second}"
    );
    found("`he` was in a local variable of the dropped future, and is gone with it.");
    Ok(())
}

/// How many timers are set while a sleep waits, and after it was dropped.
async fn dropped_sleep(handle: Handle) -> (usize, usize) {
    let before = {
        let mut sleep = pin!(handle.sleep(Duration::from_secs(3600)));
        let _ = poll_fn(|context| Poll::Ready(sleep.as_mut().poll(context))).await;
        handle.reactor().timers()
    };
    (before, handle.reactor().timers())
}

async fn half_a_message(handle: Handle) -> io::Result<(String, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let client = Stream::new(&handle, TcpStream::connect(listener.local_addr()?)?)?;
    let server = Stream::new(&handle, listener.accept()?.0)?;
    client.write_all(b"he").await?;
    let first =
        match select(read_five(&server), handle.sleep(Duration::from_millis(50))).await {
            Either::First(text) => text?,
            Either::Second(()) => "timed out".into(),
        };
    client.write_all(b"lloworld").await?;
    Ok((first, read_five(&server).await?))
}

// ANCHOR: read_five
/// Not cancel-safe: the bytes that have arrived are in a local variable.
async fn read_five(stream: &Stream) -> io::Result<String> {
    let (mut message, mut filled) = ([0; 5], 0);
    while filled < message.len() {
        match stream.read(&mut message[filled..]).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
    }
    Ok(String::from_utf8_lossy(&message).into_owned())
}
// ANCHOR_END: read_five
