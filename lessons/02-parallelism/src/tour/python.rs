//! The same work in real Python.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use terminal::say;

use super::show::{heading, words};
use super::verdict;
use crate::Outcome;

const PROGRAM: &str = include_str!("../../python/same_work.py");

/// Runs it, if python3 is here.
pub(crate) fn show(rounds: i64) -> Outcome {
    heading("The same in Python");
    // From a file: the children of `multiprocessing` load it again.
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
            say("  (python3 is not here: this part is left out)");
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
        let shown = format!("  {what:26} {:>6.0} ms", seconds * 1e3);
        if what.ends_with("in turn") {
            alone = seconds;
            say(shown);
            continue;
        }
        let faster = alone / seconds.max(1e-9);
        say!("{shown}   {}", words(faster));
        match what {
            "waiting two threads" => gained.waiting = faster,
            "CPU two threads" => gained.threads = faster,
            "CPU two processes" => gained.processes = faster,
            _ => {}
        }
    }
    let cores = std::thread::available_parallelism()?.get();
    say!("  {}", verdict::python(cores, &gained));
    Ok(())
}
