//! # Three pipes at once
//!
//! Run a program with `input` on its standard input, and collect its standard output and
//! its standard error separately. All three can have any length and contain any bytes,
//! but a pipe holds little.
//!
//! - It is not an error if the program does not read all of its input, or if its exit
//!   code is not 0.
//! - A program that was ended by a signal has no exit code.
//! - It is an error if the program cannot be started.
//!
//! Try it: `cargo test --test ex01_feed`
#![allow(unused_imports, reason = "remove this line when you use all of them")]

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
    todo!("exercise ex01_feed: {} bytes for {command:?}", input.len())
}
