//! The same work in real Python.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use terminal::{remember, say};

use super::show::{heading, times};
use super::verdict;
use crate::Outcome;

const PROGRAM: &str = include_str!("../../python/same_work.py");

/// Runs it if `python3` is installed.
pub(crate) fn show(rounds: i64) -> Outcome {
    heading("The same in Python");
    // From a file, because the children of `multiprocessing` load it again.
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("same_work.py");
    std::fs::write(&path, PROGRAM)?;
    let output = Command::new("python3")
        .arg(&path)
        .arg((rounds * 10).to_string())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .output();
    let output = match output {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            say("  (skipped: python3 is not installed)");
            return Ok(());
        }
        other => other?,
    };
    if !output.status.success() {
        return Err(format!(
            "python3 failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )
        .into());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut gained = verdict::Python {
        gil: text.contains("with a GIL"),
        waiting: 0.0,
        threads: 0.0,
        processes: 0.0,
    };
    let mut alone = 0.0;
    for line in text.lines() {
        let Some((what, seconds)) = line
            .rsplit_once(' ')
            .and_then(|(what, last)| Some((what, last.parse::<f64>().ok()?)))
        else {
            say!("  {line}");
            continue;
        };
        let shown = format!("  {what:28} {:>6.0} ms", seconds * 1e3);
        if what.ends_with("one thread") {
            alone = seconds;
            say(shown);
            continue;
        }
        let faster = alone / seconds.max(1e-9);
        say!("{shown}   speed-up {}", times(faster));
        match what {
            "wait, two threads" => gained.waiting = faster,
            "compute, two threads" => gained.threads = faster,
            "compute, two processes" => gained.processes = faster,
            _ => {}
        }
    }
    let cores = std::thread::available_parallelism()?.get();
    remember(verdict::python(cores, &gained));
    Ok(())
}
