//! The telnet counter with two clients at once.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use sockets::counter;

use super::{ANY_PORT, heading, remember, row};

pub(crate) fn show() -> Result<()> {
    heading("A counter with two clients");
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
    for (who, watcher) in ["first client", "second client"].into_iter().zip(watching) {
        let lines = watcher.join().map_err(|_| anyhow!("a client panicked"))??;
        row(format!("{who:<14} {}", lines.join("  ")));
        ensure!(
            lines == ["Hello. I count.", "1", "2", "3", "4", "5"],
            "{who} received {lines:?}"
        );
    }
    serving
        .join()
        .map_err(|_| anyhow!("the counter panicked"))??;
    remember(
        "Each client has its own thread, so both are served at once.",
        "exercise ex04_echo_server. Lesson 05 serves ten thousand clients from one \
         thread.",
    );
    Ok(())
}
