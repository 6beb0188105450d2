//! Caught by: more_than_a_pipe_holds
//!
//! One read is taken for the whole.

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
        stdout.map_or(Ok::<_, io::Error>(0), |mut stdout| {
            output.resize(65_536, 0);
            let count = stdout.read(&mut output)?;
            output.truncate(count);
            Ok(count)
        })
    })?;
    Ok((output, child.wait()?.code()))
}
