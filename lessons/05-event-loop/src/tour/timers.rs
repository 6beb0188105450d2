//! Timers in order.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use event_loop::{Reactor, best_poller};

use super::{found, heading, row};

pub(crate) fn show() -> Result<()> {
    heading("Timers, with a clock that we set by hand");
    let begin = Instant::now();
    let hand = Rc::new(Cell::new(begin));
    let clock = hand.clone();
    let mut reactor = Reactor::with(best_poller()?, move || clock.get())?;
    let fired = Rc::new(RefCell::new(Vec::new()));
    let mut ids = Vec::new();
    for (name, seconds) in [
        ("tea", 180),
        ("egg", 360),
        ("toast", 90),
        ("soft egg", 180),
        ("guests", 3600),
    ] {
        let fired = fired.clone();
        ids.push(reactor.after(Duration::from_secs(seconds), move |_| {
            fired.borrow_mut().push(name);
        }));
        row(format!("{seconds:>5} s  {name} is set"));
    }
    ensure!(reactor.cancel(ids[1]), "the egg was set");
    row("         egg is cancelled");
    row("");
    for seconds in [89, 90, 200, 86_400] {
        hand.set(begin + Duration::from_secs(seconds));
        reactor.turn(Some(Duration::ZERO))?;
        let names = fired.take();
        row(format!(
            "{seconds:>5} s  {}",
            if names.is_empty() {
                "-".into()
            } else {
                names.join(", then ")
            }
        ));
        let right: &[&str] = match seconds {
            90 => &["toast"],
            200 => &["tea", "soft egg"],
            86_400 => &["guests"],
            _ => &[],
        };
        ensure!(names == right, "after {seconds} s: {names:?}");
    }
    found(
        "A day has passed in no time. Timers with equal deadlines are due in the order in \
         which they were set.",
    );
    Ok(())
}
