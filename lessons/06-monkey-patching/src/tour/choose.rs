//! The alternative to patching: a trait with two implementations.

use std::io;

use anyhow::{Result, ensure};
use may::go;
use monkey_patching::choose::{Coroutines, Runtime, Threads, exchange, serve_one};

use super::{found, heading, join, row};

pub(crate) fn show() -> Result<()> {
    heading("One generic function on threads and on coroutines");
    let threads = ask::<Threads>()?;
    let coroutines = join(go!(ask::<Coroutines>))??;
    for (runtime, answer) in [("Threads", &threads), ("Coroutines", &coroutines)] {
        row(format!("{runtime:<12} {}", String::from_utf8_lossy(answer)));
    }
    ensure!(
        threads == coroutines && threads == b"who waits?",
        "the answers differ"
    );
    found(
        "Code that is generic over how it waits needs no patch. Patch only code that you \
         cannot change.",
    );
    Ok(())
}

fn ask<R: Runtime>() -> io::Result<Vec<u8>> {
    exchange(&mut R::connect(serve_one::<R>()?)?, b"who waits?")
}
