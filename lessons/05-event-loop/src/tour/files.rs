//! Regular files are always ready.

use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use event_loop::{Disk, Interest, Reactor, Token, Trigger};

use super::{found, heading, pollers, row};

pub(crate) fn show() -> Result<()> {
    heading("A regular file is always ready");
    let mut file = tempfile::NamedTempFile::new()
        .context("cannot create a temporary file in the folder TMPDIR")?;
    file.write_all(b"a line\n")?;
    for mut poller in pollers()? {
        let source = Arc::new(file.reopen()?);
        let added = poller.add(Token(1), source, Interest::BOTH, Trigger::Level);
        let said = match &added {
            Ok(()) => {
                let mut ready = Vec::new();
                poller.wait(&mut ready, Some(Duration::ZERO))?;
                ensure!(
                    ready
                        .first()
                        .is_some_and(|ready| ready.readable && ready.writable),
                    "{ready:?}"
                );
                "always readable and writable".to_owned()
            }
            Err(error) => format!("refuses it: {error}"),
        };
        ensure!(
            added.is_ok() == (poller.name() == "poll"),
            "{}: {said}",
            poller.name()
        );
        row(format!("{:<24} {said}", poller.name()));
    }

    let mut reactor = Reactor::new()?;
    let disk = Disk::start(&reactor)?;
    let ticks = Rc::new(Cell::new(0));
    tick(&mut reactor, ticks.clone());
    // A disk that takes 100 ms: the thread sleeps, as it would in a `read` whose bytes
    // are not in memory.
    let path = file.path().to_owned();
    let slow_read = move || {
        std::thread::sleep(Duration::from_millis(100));
        std::fs::read(path)
    };
    let (sender, result) = std::sync::mpsc::channel();
    disk.run(slow_read, move |reactor, bytes| {
        reactor.stop();
        let _ = sender.send(bytes);
    });
    reactor.run()?;
    let bytes = result.recv()??;
    row(format!(
        "{:<24} {} bytes, and {} timers fired in the meantime",
        "a thread for the disk",
        bytes.len(),
        ticks.get()
    ));
    ensure!(
        bytes == b"a line\n" && ticks.get() > 0,
        "the loop did not run while the disk worked"
    );
    found(
        "Readiness says nothing about a disk. A thread waits for the disk, and the loop \
         keeps running.",
    );
    Ok(())
}

fn tick(reactor: &mut Reactor, ticks: Rc<Cell<u32>>) {
    reactor.after(Duration::from_millis(5), move |reactor| {
        ticks.set(ticks.get() + 1);
        tick(reactor, ticks);
    });
}
