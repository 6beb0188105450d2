//! A program that we cannot change, and the library that is loaded before it.

use anyhow::{Result, ensure};

use super::echo::ask_all;
use super::others::Others;
use super::{found, heading, row};

pub(crate) fn show(clients: u32) -> Result<()> {
    let others = Others::build()?;
    heading(&format!(
        "The threads of std-echo with {clients} clients, without and with the patch"
    ));
    let mut counts = Vec::new();
    for (what, preloaded) in [
        ("std-echo", false),
        ("LD_PRELOAD=libpreload.so std-echo", true),
    ] {
        let server = others.serve("std-echo", preloaded)?;
        let (streams, answered) = ask_all(([127, 0, 0, 1], server.port).into(), clients)?;
        let threads = server.threads()?;
        row(format!(
            "{what:<34} {answered:>6} answers  {threads:>6} threads"
        ));
        ensure!(
            answered == clients,
            "only {answered} of {clients} clients got an answer"
        );
        counts.push(threads);
        drop(streams);
    }
    ensure!(
        counts[0] > clients as usize && counts[1] < 10,
        "threads: {counts:?}"
    );
    found(
        "It is the same file, byte for byte. Only the dynamic linker found other \
         functions first.",
    );
    Ok(())
}
