//! The order matters: a patch that is loaded too late.

use anyhow::{Context, Result, ensure};

use super::others::Others;
use super::{found, heading, row};

pub(crate) fn show() -> Result<()> {
    let others = Others::build()?;
    heading("Ten sleeping threads and the main thread, as the kernel counts them");
    let library = others.library();
    let path = library
        .to_str()
        .context("the path of the library is not UTF-8")?;
    let count = |preloaded| -> Result<usize> {
        Ok(others.output("late", &[path], preloaded)?.parse()?)
    };
    let (late, first) = (count(false)?, count(true)?);
    row(format!(
        "patch loaded by the running program (dlopen)    {late:>3} threads"
    ));
    row(format!(
        "patch loaded before the program (LD_PRELOAD)    {first:>3} threads"
    ));
    ensure!(late == 11, "the late patch had an effect: {late} threads");
    ensure!(first < 11, "the patch had no effect: {first} threads");
    found(
        "The names were bound when the program started. A definition that is loaded \
         later is not used, and nothing reports that.",
    );
    Ok(())
}
