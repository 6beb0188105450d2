//! The tour's child processes: this program, started again with another command.

use std::io::{self, Read, Write};
use std::process::{Command, ExitCode, abort};

/// Returns the command that starts this program as a child that does `what`.
pub(crate) fn command(what: &str) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["child", what]);
    Ok(command)
}

/// Does the child's part.
pub(crate) fn run(what: &str) -> ExitCode {
    let done = match what {
        "capitals" => capitals(),
        "fail" => return ExitCode::from(3),
        "crash" => abort(),
        "wait" => io::stdin().read_to_end(&mut Vec::new()).map(drop),
        "echo" => echo(),
        _ => Ok(()),
    };
    if done.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn capitals() -> io::Result<()> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    io::stdout().write_all(text.to_uppercase().as_bytes())
}

/// Sends each byte back at once.
fn echo() -> io::Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut byte = [0];
    while input.read(&mut byte)? > 0 {
        output.write_all(&byte)?;
        output.flush()?;
    }
    Ok(())
}
