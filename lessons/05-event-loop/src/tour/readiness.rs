//! What the kernel says about one connection.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use anyhow::{Result, ensure};
use event_loop::{Interest, Poller, Token, Trigger};

use super::{found, heading, pair, pollers, row};

pub(crate) fn show() -> Result<()> {
    heading("Who is ready?");
    let mut columns = Vec::new();
    for mut poller in pollers()? {
        columns.push((poller.name(), story(&mut *poller)?));
    }
    let names: Vec<_> = columns
        .iter()
        .map(|(name, _)| format!("{name:<22}"))
        .collect();
    row(format!("{:<40}{}", "", names.concat()));
    for (index, step) in STEPS.iter().enumerate() {
        let said: Vec<_> = columns
            .iter()
            .map(|(_, said)| format!("{:<22}", said[index]))
            .collect();
        row(format!("{step:<40}{}", said.concat()));
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
        ensure!(said[..] == right, "{name} said {said:?}");
    }
    found(
        "Readable means that a read would not wait. At the end it does not: it gives 0.",
    );
    Ok(())
}

const STEPS: [&str; 6] = [
    "nothing has come",
    "5 bytes have come",
    "they are read",
    "written until the kernel takes no more",
    "the client has no more to say",
    "removed from the list",
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
    // Full is when a wait says so too: what is written may still move into the other
    // side's buffer.
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

/// What the poller says after a moment: what one end of a connection on this machine
/// does, the other knows at once.
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
