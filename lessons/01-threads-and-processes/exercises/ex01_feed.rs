//! # Both ends of two pipes
//!
//! Run a program with `input` on its standard input, collect its standard output, and say
//! its exit code. Input and output may be of any length, and a pipe holds little: who
//! writes all before reading waits for ever.
//!
//! A program that does not read all of its input is no error. Neither is an exit code
//! other than 0. A program that a signal ended has no exit code, and one that cannot be
//! started is an error.
//!
//! Try it: `cargo test --test ex01_feed`

use std::io;
use std::process::Command;

/// The program's output, and its exit code.
///
/// # Errors
/// When it cannot be started, or its output cannot be read.
pub fn feed(command: &mut Command, input: &[u8]) -> io::Result<(Vec<u8>, Option<i32>)> {
    todo!("exercise ex01_feed: {} bytes for {command:?}", input.len())
}
