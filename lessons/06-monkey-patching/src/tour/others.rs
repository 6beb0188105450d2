//! The other programs of this lesson, and the library that is loaded before them.

use std::env;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, anyhow, bail, ensure};
use rustix::process::{Signal, set_parent_process_death_signal};

/// The folder with the built programs.
pub(crate) struct Others {
    folder: PathBuf,
}

impl Others {
    /// Builds them, if this program was started by cargo.
    pub(crate) fn build() -> Result<Self> {
        let folder = env::current_exe()?
            .parent()
            .context("this program has no folder")?
            .to_owned();
        let others = Self { folder };
        let by_hand =
            "`cargo build -p lesson-06-monkey-patching --bins --examples` builds them";
        if let Some(cargo) = env::var_os("CARGO") {
            let mut cargo = Command::new(cargo);
            cargo.args([
                "build",
                "--quiet",
                "--package",
                "lesson-06-monkey-patching",
                "--bins",
                "--examples",
            ]);
            if let Some(target) = others.folder.parent() {
                cargo.arg("--target-dir").arg(target);
            }
            if let Some(manifest) = env::var_os("CARGO_MANIFEST_DIR") {
                cargo.current_dir(manifest);
            }
            if !cfg!(debug_assertions) {
                cargo.arg("--release");
            }
            let built = cargo
                .stdout(Stdio::null())
                .status()
                .context("cannot run cargo")?;
            ensure!(
                built.success(),
                "cannot build the other programs: {by_hand}"
            );
        }
        for needed in [others.program("std-echo"), others.library()] {
            ensure!(
                needed.exists(),
                "{} is missing: {by_hand}",
                needed.display()
            );
        }
        Ok(others)
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn library(&self) -> PathBuf {
        self.folder.join("examples/libpreload.so")
    }

    /// Prepares to run a program, with the library loaded before it or not.
    pub(crate) fn command(&self, name: &str, preloaded: bool) -> Command {
        let mut command = Command::new(self.program(name));
        if preloaded {
            command.env("LD_PRELOAD", self.library());
        }
        command
    }

    /// Runs a program to its end and returns what it printed.
    pub(crate) fn output(
        &self,
        name: &str,
        arguments: &[&str],
        preloaded: bool,
    ) -> Result<String> {
        let output = self.command(name, preloaded).args(arguments).output()?;
        if !output.status.success() {
            bail!(
                "{name} failed with {}: {}",
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Starts a server, which prints its port.
    pub(crate) fn serve(&self, name: &str, preloaded: bool) -> Result<Server> {
        let mut command = self.command(name, preloaded);
        // If the tour exits without dropping the server (as before `| head`), the kernel
        // kills the server. SAFETY: between fork and exec only calls that are safe in a
        // signal handler are allowed, and this is a single system call.
        unsafe {
            command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::KILL))?));
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.with_context(|| format!("cannot start {name}"))?;
        let mut line = String::new();
        let output = child
            .stdout
            .take()
            .context("the server's output is not piped")?;
        let server = |port| Server { child, port };
        BufReader::new(output).read_line(&mut line)?;
        // Dropping this also kills a server that has not printed its port.
        let server = server(line.trim().parse().unwrap_or(0));
        if server.port == 0 {
            return Err(anyhow!("{name} printed {line:?} instead of its port"));
        }
        Ok(server)
    }
}

/// A server in its own process, which is killed when this value is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Returns the number of its threads.
    pub(crate) fn threads(&self) -> Result<usize> {
        Ok(std::fs::read_dir(format!("/proc/{}/task", self.child.id()))?.count())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
