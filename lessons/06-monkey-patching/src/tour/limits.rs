//! Timeouts and non-blocking sockets, which work as they do without the patch.

use std::io::{self, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use may::go;

use super::{found, heading, join, row};

const LIMIT: Duration = Duration::from_millis(50);

pub(crate) fn show() -> Result<()> {
    heading("A read in a coroutine, on a socket that never receives anything");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    for (what, nonblocking) in [("read timeout of 50 ms", false), ("non-blocking", true)]
    {
        let (kind, time) = join(go!(move || -> io::Result<_> {
            let mut stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(LIMIT))?;
            stream.set_nonblocking(nonblocking)?;
            let begin = Instant::now();
            let error = stream.read(&mut [0]).err();
            Ok((error.map(|error| error.kind()), begin.elapsed()))
        }))??;
        let kind = kind.context("the read returned bytes that were never sent")?;
        row(format!(
            "{what:<22} {kind:?} after {:>3.0} ms",
            time.as_secs_f64() * 1000.0
        ));
        ensure!(kind == io::ErrorKind::WouldBlock, "{what}: {kind}");
        ensure!(
            nonblocking || time >= LIMIT,
            "the timeout expired after {time:?}"
        );
    }
    drop(listener);
    found(
        "The patch keeps the socket's own options: it waits no longer than the \
         timeout, and not at all on a non-blocking socket.",
    );
    Ok(())
}
