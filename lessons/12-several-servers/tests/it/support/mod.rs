//! A Redis server of the tests' own: on a socket in the file system, so that no two can
//! meet, and ended with its test.

use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A running Redis server.
pub(crate) struct Redis {
    child: Option<Child>,
    folder: TempDir,
    /// It has its data again after a restart.
    keeps: bool,
}

impl Redis {
    /// Starts one that has its data again after a restart.
    pub(crate) fn start_with_file() -> Option<Self> {
        let mut redis = Self::start()?;
        redis.stop();
        redis.keeps = true;
        redis.restart();
        Some(redis)
    }

    /// Starts one. `None`, with a line that says so, where Redis is not installed; with
    /// `CI=true` it has to be.
    pub(crate) fn start() -> Option<Self> {
        let is_there = Command::new("redis-server")
            .arg("--version")
            .output()
            .is_ok();
        if !is_there {
            let why = "redis-server is missing: apt-get install redis-server";
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}");
            eprintln!("skipped: {why}");
            return None;
        }
        let folder = TempDir::new().unwrap();
        let mut redis = Self {
            child: None,
            folder,
            keeps: false,
        };
        redis.restart();
        Some(redis)
    }

    /// Starts it again at its address.
    pub(crate) fn restart(&mut self) {
        self.stop();
        let file = if self.keeps { "yes" } else { "no" };
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--unixsocket", "socket"])
            .args(["--appendonly", file, "--appendfsync", "always"])
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        self.child = Some(child.unwrap());
    }

    /// Ends it, as a power cut would.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}/socket", self.folder.path().display())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}
