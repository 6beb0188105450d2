//! Builds test targets, all in one call of cargo, and runs their cases.
//!
//! The built programs are run without cargo: one call of cargo costs as much as ten
//! exercises.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cargo_metadata::Message;
use cargo_metadata::diagnostic::DiagnosticLevel;
use serde::{Deserialize, Serialize};

/// How long the cases of one exercise may take together. They have deadlines of their
/// own; this ends an endless loop.
const DEADLINE: Duration = Duration::from_secs(20);

/// Ends what runs, before its deadline: the reader has gone.
pub(crate) static STOP: AtomicBool = AtomicBool::new(false);

/// The result of compiling one test target.
#[derive(Debug, Default)]
pub(crate) struct Built {
    /// The test program; `None` when it did not compile.
    pub program: Option<PathBuf>,
    /// Warnings and errors, as the compiler prints them.
    pub complaints: Vec<String>,
}

/// How the cases of one test target ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Whether each case passed, by the name of its function.
    pub cases: BTreeMap<String, bool>,
    /// All that the test program printed.
    pub output: String,
    /// Whether it was stopped at the deadline.
    pub timed_out: bool,
}

impl Outcome {
    /// Whether there are cases and all passed.
    pub(crate) fn passed(&self) -> bool {
        !self.timed_out
            && !self.cases.is_empty()
            && self.cases.values().all(|&passed| passed)
    }

    /// Returns the output of a failing case.
    pub(crate) fn said(&self, case: &str) -> Option<&str> {
        let heading = format!("\n---- {case} stdout ----\n");
        let text = &self.output[self.output.find(&heading)? + heading.len()..];
        let end = text
            .find("\n---- ")
            .or_else(|| text.find("\nfailures:\n"))
            .unwrap_or(text.len());
        Some(text[..end].trim_end())
    }
}

/// Receives a sentence about what is going on.
pub(crate) type Tell<'a> = &'a (dyn Fn(String) + Sync);

/// Compiles these test targets of the workspace at `root`, and tells how far it got. A
/// target that does not compile does not keep the others from being built. The `settings`
/// are variables of cargo.
///
/// # Errors
/// Returns an error if cargo cannot start or builds nothing at all, for example because of
/// a manifest that it does not understand.
pub(crate) fn build<'name>(
    root: &Path,
    target: &Path,
    names: impl IntoIterator<Item = &'name str>,
    settings: &[(&str, &str)],
    tell: Tell<'_>,
) -> Result<HashMap<String, Built>> {
    let mut built: HashMap<String, Built> = names
        .into_iter()
        .map(|name| (name.into(), Built::default()))
        .collect();
    if built.is_empty() {
        return Ok(built);
    }
    let mut cargo =
        Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root)
        .envs(settings.iter().copied())
        .arg("build")
        .arg("--target-dir")
        .arg(target);
    cargo.args([
        "--workspace",
        "--keep-going",
        "--quiet",
        "--message-format=json",
    ]);
    for name in built.keys() {
        cargo.args(["--test", name]);
    }
    let mut cargo = cargo
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot run cargo")?;
    let errors = read_in_background(cargo.stderr.take().context("cargo has no stderr")?);
    let (mut finished, mut crates, mut programs) = (false, 0, 0);
    for message in Message::parse_stream(BufReader::new(
        cargo.stdout.take().context("cargo has no stdout")?,
    )) {
        match message.context("cannot read what cargo says")? {
            Message::CompilerArtifact(artifact) => {
                let wanted = built.len();
                if let Some(built) = built.get_mut(&artifact.target.name) {
                    built.program = artifact.executable.map(Into::into);
                    programs += 1;
                } else if !artifact.fresh {
                    crates += 1;
                }
                tell(if programs > 0 || crates == 0 {
                    format!("Building {programs} of {wanted} exercises ...")
                } else {
                    format!("Compiling what they need: {crates} crates so far ...")
                });
            }
            Message::CompilerMessage(said) => {
                let complaint = matches!(
                    said.message.level,
                    DiagnosticLevel::Warning | DiagnosticLevel::Error
                ) && !said.message.spans.is_empty();
                if let Some(built) =
                    built.get_mut(&said.target.name).filter(|_| complaint)
                {
                    built
                        .complaints
                        .push(said.message.rendered.unwrap_or(said.message.message));
                }
            }
            Message::BuildFinished(_) => finished = true,
            _ => {}
        }
    }
    cargo.wait()?;
    if !finished {
        bail!(
            "cargo could not build: {}",
            errors.join().unwrap_or_default().trim()
        );
    }
    Ok(built)
}

/// Runs the cases of a test program: all of them, or those that the arguments pick.
///
/// # Errors
/// When the program cannot be started.
pub(crate) fn run(program: &Path, folder: &Path, picked: &[&str]) -> Result<Outcome> {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env("RUST_BACKTRACE", "0")
        .args(["--color", "never"])
        .args(picked);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let output =
        read_in_background(child.stdout.take().context("the test has no stdout")?);
    let timed_out = !ends_in_time(&mut child)?;
    let output = output.join().unwrap_or_default();
    Ok(Outcome {
        cases: cases(&output),
        output,
        timed_out,
    })
}

/// Does something to each, on as many threads as there are processors; the results are in
/// order.
pub(crate) fn in_parallel<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(items.len());
    let waiting = Mutex::new(items.into_iter().enumerate());
    let next = || {
        waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next()
    };
    let mut results: Vec<(usize, R)> = thread::scope(|scope| {
        let worker = || {
            std::iter::from_fn(next)
                .map(|(place, item)| (place, work(item)))
                .collect::<Vec<_>>()
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers
            .into_iter()
            .flat_map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Waits for a child; kills it when the deadline has passed.
fn ends_in_time(child: &mut Child) -> Result<bool> {
    let start = Instant::now();
    while child.try_wait()?.is_none() {
        if start.elapsed() > DEADLINE || STOP.load(Ordering::Relaxed) {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(true)
}

fn read_in_background(
    mut source: impl Read + Send + 'static,
) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // A pipe that breaks ends the text; what came so far is what there is to show.
        let _ = source.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Reads the lines `test NAME ... ok` and `test NAME ... FAILED`; a case that should
/// panic has a remark after its name.
fn cases(output: &str) -> BTreeMap<String, bool> {
    let case = |line: &str| {
        let (name, result) = line.strip_prefix("test ")?.split_once(" ... ")?;
        let name = name.split(" - ").next().unwrap_or(name);
        Some((name.to_owned(), result.starts_with("ok")))
    };
    output.lines().filter_map(case).collect()
}

/// The name that a file and a person use, from libtest's: without the module.
pub(crate) fn function(case: &str) -> &str {
    case.rsplit("::").next().unwrap_or(case)
}

#[cfg(test)]
mod tests {
    use super::{Outcome, cases, function};

    const OUTPUT: &str = "\nrunning 3 tests\ntest cases::a ... ok\ntest cases::b - should panic ... ok\n\
        test cases::c ... FAILED\n\nfailures:\n\n---- cases::c stdout ----\nwhat is wrong\n\n\nfailures:\n    cases::c\n";

    #[test]
    fn a_line_a_case() {
        let found = cases(OUTPUT);
        let found: Vec<_> = found
            .iter()
            .map(|(name, &passed)| (function(name), passed))
            .collect();
        assert_eq!(found, [("a", true), ("b", true), ("c", false)]);
    }

    #[test]
    fn what_a_failure_says_is_cut_out() {
        let outcome = Outcome {
            cases: cases(OUTPUT),
            output: OUTPUT.into(),
            timed_out: false,
        };
        assert_eq!(outcome.said("cases::c"), Some("what is wrong"));
        assert!(!outcome.passed());
    }
}
