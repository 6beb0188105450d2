//! A server that speaks first and goes on: a number a line, for whoever connects, until
//! the count is over.
//!
//! The talk's tutorial begins its chapter on servers with one like it, to be looked at by
//! `telnet`. It streams: the reader has the first line long before the last one is made.

use std::io::{self, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::ops::RangeInclusive;
use std::thread;
use std::time::Duration;

/// Writes a greeting and then one number a line, with a pause between two, and ends our
/// direction.
///
/// Lines end in `\r\n`, as telnet has them (RFC 854).
///
/// # Errors
/// What the stream gives; `BrokenPipe` or `ConnectionReset` when whoever watched has
/// gone.
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

/// Counts for each of so many clients, every one in a thread of its own, and returns when
/// all have been served.
///
/// # Errors
/// What `accept` gives. A client that goes early is no error.
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
