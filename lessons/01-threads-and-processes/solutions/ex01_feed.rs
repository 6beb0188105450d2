//! One thread writes while the other reads. The writer owns its end of the pipe, so the
//! pipe is closed when it is done: without that a program which reads to the end would
//! wait for ever.

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
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input)));
        stdout.map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut output))
    })?;
    Ok((output, child.wait()?.code()))
}
