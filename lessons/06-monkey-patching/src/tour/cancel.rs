//! A coroutine that is cancelled while it waits in a call.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use may::go;
use monkey_patching::hub;

use super::{found, heading, join, row};

pub(crate) fn show() -> Result<()> {
    heading("A coroutine that is cancelled in the middle of `read`");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut stream = TcpStream::connect(listener.local_addr()?)?;
    let parked = hub::waiting();
    let reading = go!(move || stream.read(&mut [0]));
    let deadline = Instant::now() + Duration::from_secs(10);
    while hub::waiting() <= parked {
        ensure!(
            Instant::now() < deadline,
            "the coroutine has not reached its `read`"
        );
        thread::sleep(Duration::from_millis(1));
    }
    // SAFETY: the coroutine owns a socket and an array, and both can be dropped while it
    // is in `read`.
    unsafe { reading.coroutine().cancel() };
    let error = join(reading)?
        .err()
        .context("the read returned bytes that were never sent")?;
    row(format!("read returned an error: {error}"));
    ensure!(error.raw_os_error() == Some(libc::ECANCELED), "{error}");
    drop(listener);
    found("The call fails, and its caller cleans up as after any other error.");
    Ok(())
}
