//! Caught by: what_cannot_be_started_is_an_error
//!
//! It is taken for granted that the program is there.

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
        .spawn()
        .unwrap_or_else(|error| panic!("{error}"));
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let mut output = Vec::new();
    thread::scope(|scope| {
        // A program that ends without reading all breaks the pipe. That is its business.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input)));
        stdout.map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut output))
    })?;
    Ok((output, child.wait()?.code()))
}
