//! Patch first: what comes of a patch that comes late.

use anyhow::{Context, Result, ensure};

use super::others::Others;
use super::{found, heading, row};

pub(crate) fn show() -> Result<()> {
    let others = Others::build()?;
    heading("Ten threads that sleep, as the kernel counts them, with the main thread");
    let library = others.library();
    let path = library
        .to_str()
        .context("the path of the library is no text")?;
    let count = |preloaded| -> Result<usize> {
        Ok(others.output("late", &[path], preloaded)?.parse()?)
    };
    let (late, first) = (count(false)?, count(true)?);
    row(format!(
        "loaded by the running program (dlopen)      {late:>3} threads"
    ));
    row(format!(
        "loaded before the program (LD_PRELOAD)      {first:>3} threads"
    ));
    ensure!(
        late == 11,
        "the late patch has done something: {late} threads"
    );
    ensure!(first < 11, "the patch has done nothing: {first} threads");
    found(
        "The names were bound when the program began. Who comes later is not asked, and nobody says so: there is no \
         error, and no patch.",
    );
    Ok(())
}
