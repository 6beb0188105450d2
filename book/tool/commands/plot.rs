//! `book plot`: measures again and keeps the numbers.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::house::House;
use crate::run::{machine, run};
use crate::site;

const LIMIT: Duration = Duration::from_secs(1200);

/// Runs the commands of all plots whose name contains `filter`, and keeps their numbers.
///
/// # Errors
/// Returns an error if a command fails or prints something else than a table.
pub(crate) fn measure_all(house: &House, filter: Option<&str>) -> Result<()> {
    let mut found = false;
    for chapter in site::chapters(house)? {
        for plot in &chapter.plots {
            if filter.is_some_and(|filter| !plot.name.contains(filter)) {
                continue;
            }
            found = true;
            println!("{}\n$ {}", plot.name, plot.command);
            let output = run(house, &plot.command, false, LIMIT)?;
            if output.status != Some(0) {
                bail!("`{}` ended with status {:?}", plot.command, output.status);
            }
            plot.check(&output.text)
                .with_context(|| format!("`{}` printed", plot.command))?;
            let kept = format!(
                "# measured: {}\n# command: {}\n{}",
                machine(),
                plot.command,
                output.text
            );
            fs::create_dir_all(house.book.join("plots"))?;
            fs::write(plot.file(house), kept)?;
        }
    }
    if !found {
        bail!("no plot is called {}", filter.unwrap_or("anything"));
    }
    Ok(())
}
