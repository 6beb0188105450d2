//! Caught by: output_can_be_larger_than_a_pipe
//!
//! Errors are few, so they can be read first.

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::thread;

/// The output of a program, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fed {
    /// Everything from its standard output.
    pub output: Vec<u8>,
    /// Everything from its standard error.
    pub errors: Vec<u8>,
    /// Its exit code, or `None` if a signal ended it.
    pub code: Option<i32>,
}

/// Runs a program to its end with `input` on its standard input.
///
/// # Errors
/// Returns an error if the program cannot be started or its output cannot be read.
pub fn feed(command: &mut Command, input: &[u8]) -> io::Result<Fed> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    let stdout = child.stdout.take().expect("stdout is a pipe");
    let stderr = child.stderr.take().expect("stderr is a pipe");
    let (output, errors) = thread::scope(|scope| {
        // A program that exits early breaks this pipe, which is not our error.
        scope.spawn(move || stdin.write_all(input));
        let errors = read_all(stderr);
        (read_all(stdout), errors)
    });
    let status = child.wait()?;
    Ok(Fed {
        output: output?,
        errors: errors?,
        code: status.code(),
    })
}

fn read_all(mut pipe: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pipe.read_to_end(&mut bytes)?;
    Ok(bytes)
}
