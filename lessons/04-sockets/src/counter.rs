//! A server that sends first and keeps sending: one number per line to each client, until
//! it has counted to the end.
//!
//! The talk's tutorial begins its chapter on servers with one like it, to be watched with
//! `telnet`. It streams: the client has the first line long before the server writes the
//! last.

use std::io::{self, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::ops::RangeInclusive;
use std::thread;
use std::time::Duration;

/// Writes a greeting and then one number per line, each after a pause, and half-closes.
///
/// Lines end in `\r\n`, as the telnet protocol wants them (RFC 854).
///
/// # Errors
/// Returns any error of the stream; `BrokenPipe` or `ConnectionReset` if the client has
/// left.
// ANCHOR: count
pub fn count(
    mut stream: &TcpStream,
    numbers: RangeInclusive<u32>,
    pause: Duration,
) -> io::Result<()> {
    stream.write_all(b"Hello. I count.\r\n")?;
    for number in numbers {
        thread::sleep(pause);
        stream.write_all(format!("{number}\r\n").as_bytes())?;
    }
    stream.shutdown(Shutdown::Write)
}
// ANCHOR_END: count

/// Counts for `clients` clients, each in its own thread, and returns when all of them
/// have been served.
///
/// # Errors
/// Returns any error of `accept`. It is not an error if a client leaves early.
// ANCHOR: serve
pub fn serve(
    listener: &TcpListener,
    clients: usize,
    numbers: RangeInclusive<u32>,
    pause: Duration,
) -> io::Result<()> {
    thread::scope(|threads| {
        for _ in 0..clients {
            let (stream, _) = listener.accept()?;
            let numbers = numbers.clone();
            threads.spawn(move || count(&stream, numbers, pause));
        }
        Ok(())
    })
}
// ANCHOR_END: serve
