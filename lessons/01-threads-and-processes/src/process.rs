//! Processes: starting a program, talking with it through pipes, and how it ends.

use std::io::{self, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::{fmt, thread};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this exit code: 0 means well.
    Code(i32),
    /// The kernel ended it with this signal.
    Signal(i32),
}

impl Ending {
    /// Reads an exit status. On Unix it holds one or the other.
    pub fn of(status: ExitStatus) -> Self {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return Self::Signal(signal);
        }
        Self::Code(status.code().unwrap_or(-1))
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}

/// What a process said, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its standard output.
    pub output: Vec<u8>,
    /// How it ended.
    pub ending: Ending,
}

/// Runs a program with `input` on its standard input, and collects its output.
///
/// A pipe holds little, 64 KiB on Linux. Who writes all of the input before reading any
/// output waits for a program that waits for somebody to read: so a thread writes while
/// we read.
///
/// # Errors
/// When the program cannot be started, or its output cannot be read. That it does not
/// read all of its input is none.
// ANCHOR: run
pub fn run(command: &mut Command, input: &[u8]) -> io::Result<Said> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let mut output = Vec::new();
    let read = thread::scope(|scope| {
        scope.spawn(move || {
            // A program may end without reading all; that is its business. Dropping the
            // pipe is the end of the input.
            stdin.map(|mut stdin| stdin.write_all(input))
        });
        stdout.map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut output))
    });
    // Waited for in any case: else it stays as a zombie.
    let status = child.wait()?;
    read?;
    Ok(Said {
        output,
        ending: Ending::of(status),
    })
}
// ANCHOR_END: run

/// How many bytes fit into a pipe from which nobody reads.
///
/// # Errors
/// When the kernel refuses a pipe, or what is asked of it.
#[cfg(unix)]
// ANCHOR: holds
pub fn pipe_holds() -> io::Result<usize> {
    // Nobody reads from it. But somebody has to be able to, or writing is an error.
    let (_nobody, mut writer) = io::pipe()?;
    // Who would have to wait gets an error instead.
    rustix::io::ioctl_fionbio(&writer, true)?;
    let mut written = 0;
    loop {
        match writer.write(&[b'x'; 512]) {
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Ok(written);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
// ANCHOR_END: holds
