//! The same work in real Python.

use super::show::heading;
use crate::Outcome;
use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

const PROGRAM: &str = include_str!("../../python/same_work.py");

/// Runs it, if python3 is here.
pub(crate) fn show(rounds: i64) -> Outcome {
    heading("The same in Python");
    // From a file: the children of `multiprocessing` load it again.
    let path = std::env::temp_dir().join(format!("same_work-{}.py", std::process::id()));
    std::fs::File::create(&path)?.write_all(PROGRAM.as_bytes())?;
    let output = Command::new("python3")
        .arg(&path)
        .arg((rounds * 10).to_string())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .output();
    std::fs::remove_file(&path)?;
    let output = match output {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("  (python3 is not here: this part is left out)");
            return Ok(());
        }
        other => other?,
    };
    if !output.status.success() {
        return Err(format!("python3 failed: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut alone = 0.0;
    for line in text.lines() {
        let Some((what, seconds)) =
            line.rsplit_once(' ').and_then(|(what, last)| Some((what, last.parse::<f64>().ok()?)))
        else {
            println!("  {line}");
            continue;
        };
        if what.ends_with("in turn") {
            alone = seconds;
            println!("  {what:26} {:>6.0} ms", seconds * 1e3);
        } else {
            println!(
                "  {what:26} {:>6.0} ms   {:.1} times as fast",
                seconds * 1e3,
                alone / seconds.max(1e-9)
            );
        }
    }
    println!("  Threads help who waits. For computing it takes processes, or a Python without the lock.");
    Ok(())
}
