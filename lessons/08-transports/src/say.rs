//! Standard output for programs that may stand before a `| head`.
//!
//! `println!` panics when nobody reads any more. A program that has just explained SIGPIPE should know better.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::process::exit;

/// Prints a line; ends the program quietly when nobody reads it, and with a word when it cannot be written.
pub(crate) fn say(line: impl Display) {
    if let Err(error) = writeln!(anstream::stdout(), "{line}") {
        if error.kind() == ErrorKind::BrokenPipe {
            exit(0);
        }
        anstream::eprintln!("cannot print: {error}");
        exit(2);
    }
}
