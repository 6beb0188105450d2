//! Readiness of one connection, step by step.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use anyhow::{Result, ensure};
use event_loop::{Interest, Poller, Token, Trigger};

use super::{found, heading, pair, pollers, row};

pub(crate) fn show() -> Result<()> {
    heading("Readiness: what poll and epoll report about one end of a connection");
    let mut columns = Vec::new();
    for mut poller in pollers()? {
        columns.push((poller.name(), story(&mut *poller)?));
    }
    let names: Vec<_> = columns
        .iter()
        .map(|(name, _)| format!("{name:<20}"))
        .collect();
    row(format!("{:<34}{}", "", names.concat()));
    for (index, step) in STEPS.iter().enumerate() {
        let said: Vec<_> = columns
            .iter()
            .map(|(_, said)| format!("{:<20}", said[index]))
            .collect();
        row(format!("{step:<34}{}", said.concat()));
    }
    for (name, said) in &columns {
        let right = [
            "writable",
            "readable, writable",
            "writable",
            "-",
            "readable",
            "-",
        ];
        ensure!(said[..] == right, "{name} reported {said:?}");
    }
    found(
        "Readable means that a read would not block. At the end of file it does not \
         block either: it returns 0.",
    );
    Ok(())
}

const STEPS: [&str; 6] = [
    "nothing has arrived",
    "5 bytes have arrived",
    "the 5 bytes have been read",
    "the send buffer is full",
    "the client has closed its side",
    "the source is removed",
];

fn story(poller: &mut dyn Poller) -> Result<Vec<&'static str>> {
    let (client, server) = pair()?;
    poller.add(Token(7), server.clone(), Interest::BOTH, Trigger::Level)?;
    let mut said = vec![ask(poller)?];
    (&*client).write_all(b"hello")?;
    said.push(ask(poller)?);
    let read = (&*server).read(&mut [0; 64])?;
    ensure!(read == 5, "{read} bytes were read");
    said.push(ask(poller)?);
    // Full means that a wait agrees: written bytes can still move into the other side's
    // buffer.
    while ask(poller)? == "writable" {
        while (&*server).write(&[0; 1 << 13]).is_ok() {}
    }
    said.push(ask(poller)?);
    client.shutdown(Shutdown::Write)?;
    said.push(ask(poller)?);
    poller.remove(Token(7))?;
    said.push(ask(poller)?);
    Ok(said)
}

/// Returns what the poller reports after a moment, which is long enough on one machine
/// for one end to see what the other did.
fn ask(poller: &mut dyn Poller) -> Result<&'static str> {
    let mut ready = Vec::new();
    std::thread::sleep(Duration::from_millis(5));
    poller.wait(&mut ready, Some(Duration::from_millis(5)))?;
    Ok(ready
        .first()
        .map_or("-", |ready| match (ready.readable, ready.writable) {
            (true, true) => "readable, writable",
            (true, false) => "readable",
            (false, true) => "writable",
            (false, false) => "-",
        }))
}
