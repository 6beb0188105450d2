//! The telnet counter, watched by two at once.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use sockets::counter;

use super::{ANY_PORT, found, heading, row};

pub(crate) fn show() -> Result<()> {
    heading("A counter, watched by two");
    let listener = TcpListener::bind(ANY_PORT)?;
    let address = listener.local_addr()?;
    let serving = thread::spawn(move || {
        counter::serve(&listener, 2, 1..=5, Duration::from_millis(50))
    });
    let watching: Vec<_> = (0..2)
        .map(|_| {
            thread::spawn(move || {
                let stream = TcpStream::connect(address)?;
                stream.set_read_timeout(Some(super::SOON))?;
                BufReader::new(stream)
                    .lines()
                    .collect::<std::io::Result<Vec<_>>>()
            })
        })
        .collect();
    for (who, watcher) in ["one", "two"].into_iter().zip(watching) {
        let lines = watcher
            .join()
            .map_err(|_| anyhow!("a watcher panicked"))??;
        row(format!("{who}  {}", lines.join("  ")));
        ensure!(
            lines == ["Hello. I count.", "1", "2", "3", "4", "5"],
            "a watcher saw {lines:?}"
        );
    }
    serving
        .join()
        .map_err(|_| anyhow!("the counter panicked"))??;
    found(
        "Each has a thread of its own, so both were served at once. How far that goes is lesson 05.",
    );
    Ok(())
}
