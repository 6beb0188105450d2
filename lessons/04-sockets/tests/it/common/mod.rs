//! Shared by the tests: programs that are always killed, and waits with a deadline.

#![allow(dead_code, reason = "each test file uses its part of it")]

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};

/// The deadline of everything that has to happen, also on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// Runs `work` in its own thread and returns its result; fails at the deadline.
pub(crate) fn within<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    receiver
        .recv_timeout(SOON)
        .unwrap_or_else(|error| panic!("{what}: {error} after {SOON:?}"))
}

/// Waits until `done` returns true; fails at the deadline.
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !done() {
        assert!(Instant::now() < deadline, "{what}: not after {SOON:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A program that is killed when the test ends.
pub(crate) struct Program {
    child: Child,
    lines: Option<BufReader<ChildStdout>>,
    remarks: Option<BufReader<ChildStderr>>,
}

impl Program {
    /// Starts `command` with pipes for its two outputs.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let lines = child.stdout.take().map(BufReader::new);
        let remarks = child.stderr.take().map(BufReader::new);
        Self {
            child,
            lines,
            remarks,
        }
    }

    /// Starts a server and returns the port that it prints on standard error, as the last
    /// word or after the last `:`.
    pub(crate) fn serve(command: &mut Command) -> (Self, u16) {
        let mut server = Self::start(command);
        let mut said = String::new();
        let mut remarks = server.remarks.take().expect("it is piped");
        let (said, remarks) = within("the server says its port", move || {
            remarks
                .read_line(&mut said)
                .expect("what the server says is text");
            (said, remarks)
        });
        server.remarks = Some(remarks);
        let port = said
            .trim()
            .rsplit([' ', ':'])
            .next()
            .and_then(|port| port.parse().ok());
        (
            server,
            port.unwrap_or_else(|| panic!("no port in {said:?}")),
        )
    }

    /// Returns the next line of its standard output without the `\n`; empty at the end.
    pub(crate) fn line(&mut self) -> String {
        let mut lines = self.lines.take().expect("one line at a time");
        let (line, lines) = within("the program prints a line", move || {
            let mut line = String::new();
            lines
                .read_line(&mut line)
                .expect("what the program prints is text");
            (line, lines)
        });
        self.lines = Some(lines);
        line.trim_end_matches('\n').to_owned()
    }

    /// Returns the rest of its standard error.
    pub(crate) fn remarks(&mut self) -> String {
        let mut remarks = self.remarks.take().expect("asked once");
        within("the program ends", move || {
            let mut said = String::new();
            remarks
                .read_to_string(&mut said)
                .expect("what the program says is text");
            said
        })
    }

    /// Waits until it exits and returns whether it succeeded.
    pub(crate) fn ended_well(&mut self) -> bool {
        let mut status = None;
        until("the program ends", || {
            status = self.child.try_wait().expect("we can wait for it");
            status.is_some()
        });
        status.is_some_and(|status| status.success())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that is taken while the descriptor lives, and on which nothing listens.
pub(crate) fn deaf_port() -> (OwnedFd, u16) {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address: SocketAddr = getsockname(&socket)
        .expect("it has an address")
        .try_into()
        .expect("of IP");
    (socket, address.port())
}

/// Runs `command` to its end.
pub(crate) fn run(command: &mut Command) -> Output {
    run_into(command, Stdio::piped())
}

/// Runs `command` to its end with this standard output.
pub(crate) fn run_into(command: &mut Command, output: Stdio) -> Output {
    let what = format!("{command:?}");
    let child = command
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(Stdio::piped())
        .spawn();
    let child = child.unwrap_or_else(|error| panic!("{what}: {error}"));
    within(&what, move || {
        child.wait_with_output().expect("we can wait for it")
    })
}

/// Returns whether this program is installed. With `CI=true`, a missing Python is a
/// failure.
pub(crate) fn has(tool: &str) -> bool {
    let there = Command::new(tool)
        .arg("-h")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok();
    if !there {
        assert!(
            tool != "python3" || std::env::var_os("CI").is_none_or(|ci| ci != "true"),
            "{tool} is missing, and with CI=true nothing is skipped"
        );
        eprintln!("skipped: {tool} is not installed");
    }
    there
}
