//! What `feed` has to do. Sections are those of chapter 1. The programs are those that
//! every Unix has.

use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;
use std::{io, thread};

use crate::subject::feed;

/// Nothing here takes so long unless two wait for each other.
const PATIENCE: Duration = Duration::from_secs(10);

type Fed = io::Result<(Vec<u8>, Option<i32>)>;

/// Feeds `sh -c SCRIPT`, and gives up on who never comes back.
fn shell(script: &'static str, input: Vec<u8>) -> Fed {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        sender.send(feed(Command::new("sh").arg("-c").arg(script), &input))
    });
    receiver.recv_timeout(PATIENCE).unwrap_or_else(|error| match error {
        mpsc::RecvTimeoutError::Timeout => panic!(
            "`{script}` had not ended after {PATIENCE:?}: either it waits for more input, or you and it wait for each \
             other. See \"Pipes, both ways\"."
        ),
        mpsc::RecvTimeoutError::Disconnected => panic!("`feed` panicked with `{script}`: its message stands above."),
    })
}

#[test]
fn what_goes_in_comes_out() {
    let (output, code) =
        shell("tr a-z A-Z", b"tea\n".to_vec()).expect("sh can be started");
    assert_eq!(
        output, b"TEA\n",
        "`tr` writes what it reads in capitals. See \"Pipes, both ways\"."
    );
    assert_eq!(
        code,
        Some(0),
        "`tr` ended well. See \"How a process ends\"."
    );
}

#[test]
fn more_than_a_pipe_holds() {
    let input = vec![b'x'; 3_000_000];
    let (output, _) = shell("cat", input.clone()).expect("sh can be started");
    assert!(
        output == input,
        "{} of {} bytes came back. See \"Pipes, both ways\".",
        output.len(),
        input.len()
    );
}

#[test]
fn output_without_input() {
    let (output, _) =
        shell("head -c 300000 /dev/zero", Vec::new()).expect("sh can be started");
    assert_eq!(
        output.len(),
        300_000,
        "all of the output counts. See \"Pipes, both ways\"."
    );
}

#[test]
fn a_program_that_reads_nothing_is_no_error() {
    let fed = shell("echo done", vec![b'x'; 3_000_000]);
    let (output, code) =
        fed.expect("a broken pipe is the program's business. See \"Pipes, both ways\".");
    assert_eq!(
        (output.as_slice(), code),
        (&b"done\n"[..], Some(0)),
        "its output counts. See \"Pipes, both ways\"."
    );
}

#[test]
fn its_exit_code_is_told() {
    let (output, code) =
        shell("echo half; exit 3", Vec::new()).expect("an exit code is no error");
    assert_eq!(
        code,
        Some(3),
        "3 is what it ended with. See \"How a process ends\"."
    );
    assert_eq!(
        output, b"half\n",
        "what it said before counts. See \"How a process ends\"."
    );
}

#[test]
fn a_signal_is_no_exit_code() {
    let (_, code) =
        shell("kill -9 $$", Vec::new()).expect("a signal is no error of ours");
    assert_eq!(
        code, None,
        "the kernel ended it, and it gave no code. See \"How a process ends\"."
    );
}

#[test]
fn what_cannot_be_started_is_an_error() {
    let fed = feed(&mut Command::new("no-such-program-anywhere"), b"tea");
    let kind = fed.map_err(|error| error.kind());
    assert_eq!(
        kind,
        Err(io::ErrorKind::NotFound),
        "there is no such program. See \"How a process ends\"."
    );
}
