//! Engines that tests start for themselves: PostgreSQL and Redis, each in a temporary
//! folder and on a socket in it, so that no port can be taken.
#![cfg(all(unix, feature = "cluster"))]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::sleep;

use super::soon;

/// A test that needs a tool which is not there is skipped, but never in CI.
fn missing(tool: &str) {
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "{tool} is missing"
    );
    eprintln!("skipped: {tool} is missing");
}

/// A PostgreSQL server. Killed when dropped.
pub(crate) struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    server: Option<Child>,
}

impl Postgres {
    /// Makes a database and starts the server. `None` if PostgreSQL is not installed.
    pub(crate) async fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            missing("PostgreSQL");
            return None;
        };
        let folder = TempDir::new().unwrap();
        if let Some((user, group)) = other_user() {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let mut this = Self {
            folder,
            programs,
            server: None,
        };
        let data = this.data();
        let made = this
            .command("initdb")
            .args(["-U", "chat", "-A", "trust", "-E", "UTF8", "--locale=C"])
            .args(["--no-sync", "-D"])
            .arg(data)
            .stdout(Stdio::null())
            .status();
        assert!(soon("initdb", made).await.unwrap().success());
        this.start_again().await;
        Some(this)
    }

    /// Starts the server, and waits until it takes connections.
    pub(crate) async fn start_again(&mut self) {
        let sockets = self.folder.path().to_owned();
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data());
        command.args(["-c", "listen_addresses=", "-c", "fsync=off"]);
        command
            .arg("-c")
            .arg(setting("unix_socket_directories", &sockets));
        let server = command.stderr(log).kill_on_drop(true).spawn();
        self.server = Some(server.unwrap());
        let address = self.address();
        soon("the start of PostgreSQL", async {
            while tokio_postgres::connect(&address, tokio_postgres::NoTls)
                .await
                .is_err()
            {
                sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }

    /// Ends the server and all of its connections.
    pub(crate) async fn stop(&mut self) {
        let mut server = self.server.take().unwrap();
        signal(&server, "INT").await;
        soon("the end of PostgreSQL", server.wait()).await.unwrap();
    }

    /// Where the chat finds it.
    pub(crate) fn address(&self) -> String {
        let folder = self.folder.path().to_str().unwrap();
        format!("postgres://chat@{}/postgres", folder.replace('/', "%2F"))
    }

    /// Runs a statement.
    pub(crate) async fn execute(&self, sql: &str) {
        self.client().await.batch_execute(sql).await.unwrap();
    }

    /// Runs a query that returns one number.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let row = self.client().await.query_one(sql, &[]).await;
        row.unwrap().get(0)
    }

    /// A connection.
    pub(crate) async fn client(&self) -> tokio_postgres::Client {
        let address = self.address();
        let connected = tokio_postgres::connect(&address, tokio_postgres::NoTls).await;
        let (client, connection) = connected.unwrap();
        tokio::spawn(connection);
        client
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A program of PostgreSQL, which refuses to be run by root.
    fn command(&self, program: &str) -> Command {
        let mut command = mortal(&self.programs.join(program));
        if let Some((user, group)) = other_user() {
            command.uid(user).gid(group).current_dir("/");
        }
        command
    }
}

/// A program that ends with the thread that starts it, even if that is killed, and which
/// therefore ends with the test.
fn mortal(program: &Path) -> Command {
    let setpriv = Path::new("/usr/bin/setpriv");
    if !setpriv.exists() {
        return Command::new(program);
    }
    let mut command = Command::new(setpriv);
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}

fn setting(name: &str, path: &Path) -> String {
    format!("{name}={}", path.display())
}

async fn signal(child: &Child, name: &str) {
    let id = child.id().unwrap().to_string();
    let kill = Command::new("kill").args([format!("-{name}"), id]).status();
    assert!(kill.await.unwrap().success());
}

/// The folder of PostgreSQL's programs: Debian keeps them out of the path.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders.into_iter().find(|it| it.join("initdb").exists())
}

/// The user and group `postgres`, if we are root.
fn other_user() -> Option<(u32, u32)> {
    if !rustix::process::getuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with("postgres:"));
    let fields: Vec<_> = line.expect("a user postgres").split(':').collect();
    Some((fields[2].parse().unwrap(), fields[3].parse().unwrap()))
}

/// A Redis server. Killed when dropped.
pub(crate) struct Redis {
    program: PathBuf,
    folder: TempDir,
    server: Option<Child>,
}

impl Redis {
    /// Starts the server. `None` if Redis is not installed.
    pub(crate) async fn start() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut programs = std::env::split_paths(&path).map(|it| it.join("redis-server"));
        let Some(program) = programs.find(|program| program.exists()) else {
            missing("redis-server");
            return None;
        };
        let mut this = Self {
            program,
            folder: TempDir::new().unwrap(),
            server: None,
        };
        this.start_again().await;
        Some(this)
    }

    /// Starts the server, which knows nothing of an earlier run.
    pub(crate) async fn start_again(&mut self) {
        let socket = self.folder.path().join("redis.sock");
        let server = mortal(&self.program)
            .args(["--port", "0", "--save", "", "--unixsocket"])
            .arg(&socket)
            .arg("--dir")
            .arg(self.folder.path())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        self.server = Some(server.unwrap());
        soon("the start of Redis", async {
            while tokio::net::UnixStream::connect(&socket).await.is_err() {
                sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }

    /// Kills the server.
    pub(crate) async fn stop(&mut self) {
        let mut server = self.server.take().unwrap();
        server.kill().await.unwrap();
    }

    /// Where the chat finds it.
    pub(crate) fn address(&self) -> String {
        format!("redis+unix://{}/redis.sock", self.folder.path().display())
    }
}
