//! Other programs, with the patch loaded before them.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::common::{Program, SOON, run, within};

/// Returns the library, which cargo builds together with the tests.
fn library() -> PathBuf {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_sleepers"));
    let library = program
        .parent()
        .expect("it is in a folder")
        .join("examples/libpreload.so");
    assert!(
        library.exists(),
        "{} is missing: cargo test builds it, --test NAME alone does not",
        library.display()
    );
    library
}

fn text(command: &mut Command) -> String {
    let output = run(command);
    assert!(
        output.status.success(),
        "{:?}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn threads_become_coroutines_and_each_keeps_its_own_thread_locals() {
    let plain = text(Command::new(env!("CARGO_BIN_EXE_sleepers")).arg("50"));
    assert!(
        plain.starts_with("50 of 50 woke under their own name, 51 threads"),
        "{plain}"
    );
    let patched = text(
        Command::new(env!("CARGO_BIN_EXE_sleepers"))
            .arg("500")
            .env("LD_PRELOAD", library()),
    );
    assert!(
        patched.starts_with("500 of 500 woke under their own name, 3 threads"),
        "{patched}"
    );
}

#[test]
fn a_server_with_a_thread_per_client_serves_a_thousand_on_one_worker() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_std-echo"))
        .env("LD_PRELOAD", library())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map(Program)
        .expect("it is built");
    let output = child.0.stdout.take().expect("it is piped");
    let line = within("the server prints its port", move || {
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).map(|_| line)
    });
    let port: u16 = line
        .expect("it prints text")
        .trim()
        .parse()
        .expect("it prints its port");
    let mut clients = Vec::new();
    for number in 0..1000_u32 {
        let mut client =
            TcpStream::connect(("127.0.0.1", port)).expect("the server is there");
        client
            .set_read_timeout(Some(SOON))
            .expect("a socket has timeouts");
        client
            .write_all(&number.to_be_bytes())
            .expect("the server reads");
        let mut answer = [0; 4];
        client.read_exact(&mut answer).expect("the server answers");
        assert_eq!(u32::from_be_bytes(answer), number);
        clients.push(client);
    }
    let threads = fs::read_dir(format!("/proc/{}/task", child.0.id()))
        .expect("it runs")
        .count();
    assert_eq!(threads, 3, "the main thread, one worker, and may's timer");
}

#[test]
fn a_patch_that_is_loaded_late_has_no_effect_and_no_error() {
    let late = env!("CARGO_BIN_EXE_late");
    assert_eq!(
        text(Command::new(late).arg(library())),
        "11",
        "the main thread and ten more"
    );
    assert_eq!(
        text(
            Command::new(late)
                .arg(library())
                .env("LD_PRELOAD", library())
        ),
        "3"
    );
}
