//! No patch: a trait, and two who wait.

use std::io;

use anyhow::{Result, ensure};
use may::go;
use monkey_patching::choose::{Coroutines, Runtime, Threads, exchange, serve_one};

use super::{found, heading, join, row};

pub(crate) fn show() -> Result<()> {
    heading("One function, and two who wait for it");
    let threads = ask::<Threads>()?;
    let coroutines = join(go!(ask::<Coroutines>))??;
    for (who, answer) in [("Threads", &threads), ("Coroutines", &coroutines)] {
        row(format!("{who:<12} {}", String::from_utf8_lossy(answer)));
    }
    ensure!(
        threads == coroutines && threads == b"who waits?",
        "the answers differ"
    );
    found(
        "What is generic over who waits needs no patch. Only code that is not ours does.",
    );
    Ok(())
}

fn ask<R: Runtime>() -> io::Result<Vec<u8>> {
    exchange(&mut R::connect(serve_one::<R>()?)?, b"who waits?")
}
