//! Level and edge trigger.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use anyhow::{Result, ensure};
use event_loop::{Interest, Poll, Poller, Token, Trigger};

use super::{found, heading, pair, row};

pub(crate) fn show() -> Result<()> {
    heading("Level and edge trigger");
    let mut columns: Vec<(&str, Vec<&str>)> = vec![(
        "poll, level",
        story(Box::new(Poll::default()), Trigger::Level)?,
    )];
    #[cfg(target_os = "linux")]
    {
        columns.push((
            "epoll, level",
            story(Box::new(event_loop::Epoll::new()?), Trigger::Level)?,
        ));
        columns.push((
            "epoll, edge",
            story(Box::new(event_loop::Epoll::new()?), Trigger::Edge)?,
        ));
    }
    let names: Vec<_> = columns
        .iter()
        .map(|(name, _)| format!("{name:>14}"))
        .collect();
    row(format!("{:<34}{}", "", names.concat()));
    for (index, step) in STEPS.iter().enumerate() {
        let told: Vec<_> = columns
            .iter()
            .map(|(_, told)| format!("{:>14}", told[index]))
            .collect();
        row(format!("{step:<34}{}", told.concat()));
    }
    for (name, told) in &columns {
        let right = if name.ends_with("edge") {
            ["readable", "-", "readable", "-", "-"]
        } else {
            ["readable", "readable", "readable", "readable", "-"]
        };
        ensure!(told[..] == right, "{name} reported {told:?}");
    }
    found(
        "Level reports what is there, edge what is new. With edge trigger, bytes that you \
         leave unread are not reported again.",
    );
    Ok(())
}

const STEPS: [&str; 5] = [
    "10 bytes have arrived",
    "nothing has been read",
    "10 more have arrived",
    "one byte has been read",
    "everything has been read",
];

fn story(mut poller: Box<dyn Poller>, trigger: Trigger) -> Result<Vec<&'static str>> {
    let (client, server) = pair()?;
    poller.add(Token(1), server.clone(), Interest::READABLE, trigger)?;
    let mut told = Vec::new();
    let mut tell = |patience| -> Result<()> {
        let mut ready = Vec::new();
        poller.wait(&mut ready, Some(Duration::from_millis(patience)))?;
        told.push(if ready.is_empty() { "-" } else { "readable" });
        Ok(())
    };
    (&*client).write_all(&[b'a'; 10])?;
    tell(5000)?;
    tell(20)?;
    (&*client).write_all(&[b'b'; 10])?;
    tell(5000)?;
    ensure!((&*server).read(&mut [0])? == 1, "a byte is there");
    tell(20)?;
    // The rest, until the kernel has no more.
    let error = loop {
        if let Err(error) = (&*server).read(&mut [0; 4]) {
            break error;
        }
    };
    ensure!(error.kind() == ErrorKind::WouldBlock, "{error}");
    tell(20)?;
    Ok(told)
}
