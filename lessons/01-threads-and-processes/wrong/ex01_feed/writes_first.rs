//! Caught by: more_than_a_pipe_holds
//!
//! All of the input is written before any output is read.

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::thread;

/// The program's output, and its exit code.
///
/// # Errors
/// When it cannot be started, or its output cannot be read.
pub fn feed(command: &mut Command, input: &[u8]) -> io::Result<(Vec<u8>, Option<i32>)> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let mut output = Vec::new();
    thread::scope(|scope| {
        // A program that ends without reading all breaks the pipe. That is its business.
        let _ = &scope;
        drop(stdin.map(|mut stdin| stdin.write_all(input)));
        stdout.map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut output))
    })?;
    Ok((output, child.wait()?.code()))
}
