//! The chat as a program of its own, as a user starts it.

use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;

use super::soon;

/// A running chat on a free port. Killed when dropped.
pub(crate) struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    log: JoinHandle<String>,
    pub(crate) port: u16,
}

impl Program {
    /// Starts it and waits until it listens.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let log = tokio::spawn(async move {
            let mut log = String::new();
            stderr.read_to_string(&mut log).await.unwrap();
            log
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = soon("the first line", lines.next_line())
            .await
            .unwrap()
            .unwrap();
        let port = first
            .strip_prefix("Listening on http://127.0.0.1:")
            .unwrap()
            .parse()
            .unwrap();
        Self {
            child,
            lines,
            log,
            port,
        }
    }

    /// The next line on standard output.
    pub(crate) async fn line(&mut self) -> Option<String> {
        soon("a line", self.lines.next_line()).await.unwrap()
    }

    /// Sends a signal by its name.
    pub(crate) async fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id().unwrap());
        assert!(
            Command::new("sh")
                .args(["-c", &kill])
                .status()
                .await
                .unwrap()
                .success()
        );
    }

    /// Waits for its end, and gives all that it logged.
    pub(crate) async fn log(mut self) -> String {
        self.end().await;
        self.log.await.unwrap()
    }

    /// Waits for its end.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        soon("the end of the program", self.child.wait())
            .await
            .unwrap()
    }
}

/// A start that must fail: exit status and standard error.
pub(crate) async fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let output = soon("the end of the program", command(arguments).output())
        .await
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat-app"));
    command.args(arguments).kill_on_drop(true);
    command
}
