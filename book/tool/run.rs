//! Runs a command as a chapter shows it.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use regex::{Captures, Regex};

use crate::house::House;

/// The output of a command, and its exit status.
pub(crate) struct Output {
    /// Standard output, and with it standard error where that was wanted, as they came.
    pub(crate) text: String,
    /// `None` for a signal.
    pub(crate) status: Option<i32>,
}

/// Runs `command` with the shell in the workspace's root, quietly: without what cargo
/// says of building.
///
/// # Errors
/// A command that cannot be started, or has not ended after `limit`.
pub(crate) fn run(
    house: &House,
    command: &str,
    errors_too: bool,
    limit: Duration,
) -> Result<Output> {
    let quiet = without_package(command)?
        .replace("cargo run ", "cargo run --quiet ")
        .replace("cargo test ", "cargo test --quiet ");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(if errors_too {
        format!("{{ {quiet}\n}} 2>&1")
    } else {
        quiet
    });
    shell
        .current_dir(&house.root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    shell.stderr(if errors_too {
        Stdio::null()
    } else {
        Stdio::inherit()
    });
    shell
        .env("CARGO_TERM_COLOR", "never")
        .env("NO_COLOR", "1")
        .env("COLUMNS", "80")
        .env_remove("RUST_BACKTRACE")
        // Otherwise failing cases print in the order in which they happen to end.
        .env("RUST_TEST_THREADS", "1");
    own_group(&mut shell);
    let mut child = shell.spawn().context("cannot run sh")?;
    let mut pipe = child.stdout.take().context("no pipe")?;
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        pipe.read_to_end(&mut text).map(|_| text)
    });
    let deadline = Instant::now() + limit;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() > deadline {
            kill(&mut child)?;
            bail!("`{command}` had not ended after {} s", limit.as_secs());
        }
        thread::sleep(Duration::from_millis(20));
    };
    let text = reader.join().unwrap_or_else(|_| Ok(Vec::new()))?;
    let text =
        String::from_utf8_lossy(&text).replace(&format!("{}/", house.root.display()), "");
    // Whichever thread of a test panics first says this, and it is the same in all of
    // them.
    let text = text
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("note: run with `RUST_BACKTRACE"))
        .collect();
    Ok(Output {
        text,
        status: status.code(),
    })
}

/// Names the program instead of its package. For one package, cargo chooses other features
/// for what it needs than for all of them, and would compile most of it once more for each
/// package in the book.
fn without_package(command: &str) -> Result<String> {
    if command.contains("--features") {
        return Ok(command.to_owned());
    }
    let package = Regex::new(r"cargo run -p ([\w-]+)( --(?:bin|example) [\w-]+)?")?;
    let program = |found: &Captures<'_>| match found.get(2) {
        Some(program) => format!("cargo run{}", program.as_str()),
        None => format!("cargo run --bin {}", &found[1]),
    };
    Ok(package.replace_all(command, program).into_owned())
}

/// Starts its own process group, so that the shell's children can be killed with it.
#[cfg(unix)]
fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

fn kill(child: &mut Child) -> io::Result<()> {
    if cfg!(unix) {
        Command::new("kill")
            .args(["-KILL", "--", &format!("-{}", child.id())])
            .status()?;
    }
    child.kill().or_else(|error| {
        if error.kind() == io::ErrorKind::InvalidInput {
            Ok(())
        } else {
            Err(error)
        }
    })?;
    child.wait().map(drop)
}

/// The machine, in a line for a caption.
pub(crate) fn machine() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let value = |text: &str, key: &str| {
        text.lines()
            .find(|line| line.starts_with(key))
            .and_then(|line| line.split([':', '=']).nth(1))
            .map(|value| value.trim().trim_matches('"').to_owned())
    };
    let model = value(&read("/proc/cpuinfo"), "model name")
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let kernel = read("/proc/sys/kernel/osrelease");
    let system = match kernel.trim().split('-').next() {
        Some(version) if !version.is_empty() => format!("Linux {version}"),
        _ => std::env::consts::OS.to_owned(),
    };
    format!(
        "{cores} {} of {model}, {system}",
        if cores == 1 { "core" } else { "cores" }
    )
}

/// Whether a program can be found.
pub(crate) fn has(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::House;

    #[test]
    fn output_and_status_come_back() {
        let output = run(
            &House::here(),
            "echo one; echo two >&2; exit 3",
            true,
            Duration::from_secs(20),
        )
        .unwrap();
        assert_eq!(
            (output.text.as_str(), output.status),
            ("one\ntwo\n", Some(3))
        );
    }

    #[test]
    fn a_program_is_built_as_the_workspace_builds_it() {
        for (command, wanted) in [
            ("cargo run -p chat-app", "cargo run --bin chat-app"),
            (
                "cargo run -p lesson-04 --bin server -- -p 1 | wc",
                "cargo run --bin server -- -p 1 | wc",
            ),
            (
                "cargo run -p lesson-10 --features client --example client",
                "cargo run -p lesson-10 --features client --example client",
            ),
            ("cargo test --test ex", "cargo test --test ex"),
        ] {
            assert_eq!(without_package(command).unwrap(), wanted);
        }
    }

    #[test]
    fn what_does_not_end_is_ended_with_what_it_started() {
        let before = Instant::now();
        let error = run(
            &House::here(),
            "sleep 60 | cat",
            true,
            Duration::from_millis(50),
        )
        .err();
        assert!(error.is_some_and(|error| error.to_string().contains("had not ended")));
        assert!(
            before.elapsed() < Duration::from_secs(30),
            "it waited for the pipe's other end"
        );
    }
}
