//! The chat as a separate program, as a user starts it.

use std::fs::File;
use std::io::{ErrorKind, PipeReader, PipeWriter, Write};
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::soon;

/// A running chat on a free port. Killed when dropped.
pub(crate) struct Program {
    child: Child,
    lines: Lines<BufReader<Box<dyn AsyncRead + Send + Unpin>>>,
    log: JoinHandle<String>,
    pub(crate) port: u16,
}

impl Program {
    /// Starts it and waits until it listens.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        Self::logging_to(Stdio::piped(), arguments).await
    }

    /// Starts it with this standard error.
    pub(crate) async fn logging_to(stderr: impl Into<Stdio>, arguments: &[&str]) -> Self {
        Self::spawn(command(arguments).stderr(stderr)).await
    }

    /// Starts it with a soft limit on open files.
    pub(crate) async fn with_open_files(limit: u32, arguments: &[&str]) -> Self {
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("ulimit -Sn {limit}; exec \"$@\""), "sh"])
            .arg(env!("CARGO_BIN_EXE_chat-app"))
            .args(arguments)
            .kill_on_drop(true);
        Self::spawn(command.stderr(Stdio::piped())).await
    }

    /// Whether [`Program::on_a_small_disk`] works here, and if not, why.
    pub(crate) async fn can_mount() -> Result<(), String> {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "mount", "-t", "tmpfs"]);
        let tried = command.args(["none", "/mnt"]).output().await;
        let tried = tried.map_err(|error| format!("no unshare: {error}"))?;
        let said = String::from_utf8_lossy(&tried.stderr);
        let why = format!("no right to mount a disk: {}", said.trim());
        tried.status.success().then_some(()).ok_or(why)
    }

    /// Starts it where the folder is a disk of this size, which no other process sees.
    pub(crate) async fn on_a_small_disk(
        folder: &Path,
        size: &str,
        arguments: &[&str],
    ) -> Self {
        let mut command = Command::new("unshare");
        command
            .args(["--map-root-user", "--mount", "sh", "-c"])
            .arg("mount -t tmpfs -o size=$1 none \"$2\" && shift 2 && exec \"$@\"")
            .args(["sh", size])
            .arg(folder)
            .arg(env!("CARGO_BIN_EXE_chat-app"))
            .args(arguments)
            .kill_on_drop(true);
        Self::spawn(command.stderr(Stdio::piped())).await
    }

    async fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stderr = child.stderr.take();
        let log = tokio::spawn(async move {
            let mut log = String::new();
            if let Some(mut stderr) = stderr {
                stderr.read_to_string(&mut log).await.unwrap();
            }
            log
        });
        let stdout: Box<dyn AsyncRead + Send + Unpin> =
            Box::new(child.stdout.take().unwrap());
        Self::listening(child, stdout, log).await
    }

    /// Starts it with this pipe for standard output and standard error.
    pub(crate) async fn writing_to(
        reader: PipeReader,
        writer: &PipeWriter,
        arguments: &[&str],
    ) -> Self {
        let child = command(arguments)
            .stdout(writer.try_clone().unwrap())
            .stderr(writer.try_clone().unwrap())
            .spawn()
            .unwrap();
        let reader = tokio::net::unix::pipe::Receiver::from_owned_fd(reader.into());
        let log = tokio::spawn(std::future::ready(String::new()));
        Self::listening(child, Box::new(reader.unwrap()), log).await
    }

    async fn listening(
        child: Child,
        stdout: Box<dyn AsyncRead + Send + Unpin>,
        log: JoinHandle<String>,
    ) -> Self {
        let mut lines = BufReader::new(stdout).lines();
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

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Sends a signal by its name.
    pub(crate) async fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.id());
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

/// A full pipe, which is never read: keep the reader, and pass the
/// writer on.
pub(crate) fn stalled_pipe() -> (PipeReader, PipeWriter) {
    let (reader, writer) = std::io::pipe().unwrap();
    fill(&writer);
    (reader, writer)
}

/// Fills a pipe to the last byte.
pub(crate) fn fill(writer: &PipeWriter) {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    let flags = fcntl_getfl(writer).unwrap();
    fcntl_setfl(writer, flags | OFlags::NONBLOCK).unwrap();
    for size in [4096, 1] {
        let error = loop {
            if let Err(error) = (&*writer).write_all(&vec![b'.'; size]) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }
    fcntl_setfl(writer, flags).unwrap();
}

/// A file to which nothing can be written: the disk is full.
pub(crate) fn full_disk() -> File {
    File::options().write(true).open("/dev/full").unwrap()
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

/// A start that ends by itself: exit status and standard output.
pub(crate) async fn printed(arguments: &[&str]) -> (Option<i32>, String) {
    let output = soon("the end of the program", command(arguments).output())
        .await
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

/// The exit status of a start that must fail, with this standard error.
pub(crate) async fn exit_status(
    stderr: impl Into<Stdio>,
    arguments: &[&str],
) -> ExitStatus {
    let mut child = command(arguments).stderr(stderr).spawn().unwrap();
    soon("the end of the program", child.wait()).await.unwrap()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat-app"));
    command.args(arguments).kill_on_drop(true);
    command
}
