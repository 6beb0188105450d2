//! The forty milliseconds.

use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use sockets::request::reply;
use sockets::round_trip::{Asking, round_trips};

use super::{heading, pair, remember, row};

pub(crate) fn show(questions: u32) -> Result<()> {
    heading(&format!("{questions} requests, one after another"));
    let mut times = Vec::new();
    for (what, asking, no_delay) in [
        ("two writes", Asking::InTwoWrites, false),
        ("two writes, TCP_NODELAY", Asking::InTwoWrites, true),
        ("one write", Asking::InOneWrite, false),
    ] {
        let time = time(asking, no_delay, questions)?;
        times.push(time);
        row(format!(
            "{what:<26} {:>9.2} ms",
            time.as_secs_f64() * 1000.0
        ));
    }
    if cfg!(target_os = "linux") {
        ensure!(times[1] < times[0], "two writes were not slower: {times:?}");
    }
    remember(
        "Nagle holds the second small write until the first is acknowledged, and the \
         acknowledgement waits for a reply that it can travel with.",
        "the plots: `cargo run --release -p lesson-04-sockets -- measure nagle`.",
    );
    Ok(())
}

/// Returns the time for `questions` requests on a new connection.
pub(crate) fn time(asking: Asking, no_delay: bool, questions: u32) -> Result<Duration> {
    let (mut client, mut server) = pair()?;
    client.set_nodelay(no_delay)?;
    let answering = thread::spawn(move || reply(&mut server, 1024, <[u8]>::to_vec));
    let time = round_trips(&mut client, asking, b"hello", questions)?;
    drop(client);
    answering
        .join()
        .map_err(|_| anyhow!("the answerer panicked"))??;
    Ok(time)
}
