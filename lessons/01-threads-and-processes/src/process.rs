//! Processes: starting a program, talking to it through pipes, and how it ends.

use std::io::{self, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::{fmt, thread};

/// How a process ended.
// ANCHOR: ending
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It exited with this exit code. 0 means success.
    Code(i32),
    /// The kernel ended it with this signal.
    Signal(i32),
}
// ANCHOR_END: ending

impl Ending {
    /// Converts an exit status, which on Unix holds a code or a signal.
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

/// A process's output, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its standard output.
    pub output: Vec<u8>,
    /// How it ended.
    pub ending: Ending,
}

/// Runs a program with `input` on its standard input, and collects its standard output.
///
/// A pipe holds little, 64 KiB on Linux. If we wrote all of the input before reading any
/// output, we could wait for a program that waits for us to read. So one thread writes
/// while another reads.
///
/// # Errors
/// Returns an error if the program cannot be started or its output cannot be read. It is
/// not an error if the program does not read all of its input.
// ANCHOR: run
pub fn run(command: &mut Command, input: &[u8]) -> io::Result<Said> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    let mut stdout = child.stdout.take().expect("stdout is a pipe");
    let mut output = Vec::new();
    let read = thread::scope(|scope| {
        // The program can stop reading early: that is not our error.
        scope.spawn(move || stdin.write_all(input));
        stdout.read_to_end(&mut output)
    });
    // Before any `?`: otherwise an error would leave a zombie.
    let status = child.wait()?;
    read?;
    Ok(Said {
        output,
        ending: Ending::of(status),
    })
}
// ANCHOR_END: run

/// Returns how many bytes fit into a pipe while nothing reads from it.
///
/// # Errors
/// Returns an error if the kernel refuses to create a pipe.
#[cfg(unix)]
// ANCHOR: holds
pub fn pipe_holds() -> io::Result<usize> {
    // Nothing reads, but the reading end has to stay open: without one, writing fails.
    let (_reader, mut writer) = io::pipe()?;
    // Non-blocking: a write that would have to wait returns an error instead.
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
