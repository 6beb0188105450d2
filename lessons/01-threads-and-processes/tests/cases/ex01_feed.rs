//! Cases for `feed`. The sections that they name are in chapter 1. The programs are
//! one-line scripts with commands that every Unix has.

use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;
use std::{io, thread};

use super::subject::{Fed, feed};

/// Nothing here takes that long unless a thread and the program wait for each other.
const PATIENCE: Duration = Duration::from_secs(10);

/// Feeds `sh -c SCRIPT`, and panics if `feed` does not return.
fn shell(script: &'static str, input: &[u8]) -> io::Result<Fed> {
    let (sender, receiver) = mpsc::channel();
    let input = input.to_vec();
    thread::spawn(move || {
        sender.send(feed(Command::new("sh").arg("-c").arg(script), &input))
    });
    receiver
        .recv_timeout(PATIENCE)
        .unwrap_or_else(|error| match error {
            mpsc::RecvTimeoutError::Timeout => panic!(
                "`{script}` had not ended after {PATIENCE:?}. Either it still waits for \
                 input, or it waits for you to read while you wait for it. See \"Pipes, \
                 both ways\"."
            ),
            mpsc::RecvTimeoutError::Disconnected => {
                panic!("your `feed` panicked on `{script}`; its message is above.")
            }
        })
}

/// The bytes, or how many there are.
fn short(bytes: &[u8]) -> String {
    if bytes.len() > 40 {
        return format!("{} bytes", bytes.len());
    }
    format!("\"{}\"", bytes.escape_ascii())
}

/// Compares one of the two outputs.
fn compare(script: &str, what: &str, yours: &[u8], wanted: &[u8]) {
    assert!(
        yours == wanted,
        "`{script}`, standard {what}: yours {}, wanted {}. See \"Pipes, both ways\".",
        short(yours),
        short(wanted)
    );
}

#[test]
fn output_is_returned() {
    let script = "tr a-z A-Z";
    let fed = shell(script, b"tea\n").expect("`sh` can be started");
    compare(script, "output", &fed.output, b"TEA\n");
    compare(script, "error", &fed.errors, b"");
}

#[test]
fn input_can_be_larger_than_a_pipe() {
    let input = vec![b'x'; 3_000_000];
    let fed = shell("cat", &input).expect("`sh` can be started");
    compare("cat", "output", &fed.output, &input);
}

#[test]
fn output_can_be_larger_than_a_pipe() {
    let script = "head -c 300000 /dev/zero";
    let fed = shell(script, b"").expect("`sh` can be started");
    compare(script, "output", &fed.output, &vec![0; 300_000]);
}

#[test]
fn errors_can_be_larger_than_a_pipe() {
    let script = "head -c 300000 /dev/zero >&2; echo done";
    let fed = shell(script, b"").expect("`sh` can be started");
    compare(script, "error", &fed.errors, &vec![0; 300_000]);
    compare(script, "output", &fed.output, b"done\n");
}

#[test]
fn output_and_errors_are_kept_apart() {
    let script = "echo tea; echo spilt >&2";
    let fed = shell(script, b"").expect("`sh` can be started");
    compare(script, "output", &fed.output, b"tea\n");
    compare(script, "error", &fed.errors, b"spilt\n");
}

#[test]
fn any_bytes_can_be_output() {
    let bytes = b"\xFF\xFE\0tea\n";
    for script in ["cat", "cat >&2"] {
        let fed = shell(script, bytes).unwrap_or_else(|error| {
            panic!(
                "`{script}` returned bytes that are not UTF-8, and yours returned the \
                 error `{error}`. A pipe carries bytes, not text. See \"Pipes, both \
                 ways\"."
            )
        });
        let wanted: [&[u8]; 2] = match script {
            "cat" => [bytes, b""],
            _ => [b"", bytes],
        };
        compare(script, "output", &fed.output, wanted[0]);
        compare(script, "error", &fed.errors, wanted[1]);
    }
}

#[test]
fn a_program_that_does_not_read_is_not_an_error() {
    let fed = shell("echo done", &vec![b'x'; 3_000_000]).unwrap_or_else(|error| {
        panic!(
            "`echo done` does not read its input, and yours returned the error \
             `{error}`. That is not an error. See \"Pipes, both ways\"."
        )
    });
    compare("echo done", "output", &fed.output, b"done\n");
}

#[test]
fn the_exit_code_is_returned() {
    let script = "echo half; exit 3";
    let fed = shell(script, b"").unwrap_or_else(|error| {
        panic!(
            "`{script}`: yours returned the error `{error}`, wanted the exit code 3. See \
             \"How a process ends\"."
        )
    });
    assert!(
        fed.code == Some(3),
        "`{script}`: yours {:?}, wanted Some(3). See \"How a process ends\".",
        fed.code
    );
    compare(script, "output", &fed.output, b"half\n");
}

#[test]
fn a_signal_leaves_no_exit_code() {
    let script = "kill -9 $$";
    let fed = shell(script, b"").unwrap_or_else(|error| {
        panic!(
            "`{script}`: yours returned the error `{error}`, wanted no exit code. See \
             \"How a process ends\"."
        )
    });
    assert!(
        fed.code.is_none(),
        "`{script}`: yours {:?}, wanted None, because a signal ended it. See \"How a \
         process ends\".",
        fed.code
    );
}

#[test]
fn a_missing_program_is_an_error() {
    let yours = feed(&mut Command::new("no-such-program-anywhere"), b"tea")
        .map_err(|error| error.kind());
    assert!(
        yours == Err(io::ErrorKind::NotFound),
        "there is no such program: yours {yours:?}, wanted the error NotFound. See \
         \"Pipes, both ways\"."
    );
}
