//! One callback that is slow.

use std::cell::Cell;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use event_loop::Reactor;

use super::{found, heading, row};

pub(crate) fn show() -> Result<()> {
    heading("One callback blocks");
    for (what, waits) in [
        ("no callback blocks", 0),
        ("one callback sleeps for 200 ms", 200),
    ] {
        let mut reactor = Reactor::new()?;
        let worst = Rc::new(Cell::new(Duration::ZERO));
        reactor.after(Duration::from_millis(20), move |_| {
            thread::sleep(Duration::from_millis(waits));
        });
        // Ten others, one every 10 ms.
        for index in 1..=10 {
            let (due, worst) = (
                Instant::now() + Duration::from_millis(index * 10),
                worst.clone(),
            );
            reactor.after(Duration::from_millis(index * 10), move |reactor| {
                worst.set(worst.get().max(due.elapsed()));
                if index == 10 {
                    reactor.stop();
                }
            });
        }
        reactor.run()?;
        row(format!(
            "{what:<32} the other timers fired up to {:>4} ms late",
            worst.get().as_millis()
        ));
        ensure!(
            worst.get() >= Duration::from_millis(waits / 2),
            "the latest timer was late by {:?} only",
            worst.get()
        );
    }
    found(
        "There is one thread. While a callback runs, no other can: a callback must never \
         block.",
    );
    Ok(())
}
