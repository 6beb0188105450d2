//! Printing for a program that may stand before `| head`: `println!` panics when its reader has gone away.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::process::exit;

/// Prints a line. When nobody reads any more the program ends quietly: what was asked for has been shown.
pub(crate) fn say(line: impl Display) {
    if let Err(error) = writeln!(anstream::stdout(), "{line}") {
        if error.kind() == ErrorKind::BrokenPipe {
            exit(0);
        }
        anstream::eprintln!("lesson 02: cannot print: {error}");
        exit(2);
    }
}
