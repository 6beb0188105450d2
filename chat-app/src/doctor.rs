//! `--doctor`: checks the machine before a chat is to run on it.
//!
//! Each line says what was looked at and what it means for the chat. "ok" is fine, "note"
//! works and could be better, "bad" does not work.

use std::fmt::Write;
use std::path::Path;

use tokio::net::TcpListener;

use crate::store::{Keep, Store};

/// Connections beside sockets need files too: the database, the log.
#[cfg(unix)]
const FEW_FILES: u64 = 10_000;
/// How much free space is little, in bytes.
#[cfg(unix)]
const LITTLE_SPACE: u64 = 1 << 30;

#[derive(Default)]
struct Report {
    text: String,
    bad: bool,
}

impl Report {
    fn line(&mut self, verdict: &str, what: &str) {
        self.bad |= verdict == "bad";
        // Writing into a String does not fail.
        let _ = writeln!(self.text, "{verdict:<5} {what}");
    }
}

/// Checks the machine. Returns a report, and whether a chat can run.
pub async fn examine(bind: &str, port: Option<u16>, database: &Path) -> (String, bool) {
    let mut report = Report::default();
    listening(&mut report, bind, port).await;
    opening(&mut report, database).await;
    #[cfg(unix)]
    {
        open_files(&mut report);
        if !Store::is_server(database) {
            space(&mut report, database);
        }
    }
    #[cfg(target_os = "linux")]
    backlog(&mut report);
    (report.text.trim_end().to_owned(), !report.bad)
}

async fn listening(report: &mut Report, bind: &str, port: Option<u16>) {
    let asked = port.unwrap_or(5000);
    match TcpListener::bind((bind, asked)).await {
        Ok(_) => report.line("ok", &format!("port {asked} on {bind} is free")),
        Err(error) if port.is_none() && error.kind() == std::io::ErrorKind::AddrInUse => {
            report.line(
                "note",
                &format!("port {asked} on {bind} is taken: the chat will take another"),
            );
        }
        Err(error) => report.line("bad", &format!("port {asked} on {bind}: {error}")),
    }
}

async fn opening(report: &mut Report, database: &Path) {
    let server = Store::is_server(database);
    let existed = server || database.exists() || database.as_os_str() == ":memory:";
    let shown = if server {
        // Without the password that may be in its address.
        "the PostgreSQL server".to_owned()
    } else {
        database.display().to_string()
    };
    match Store::at(database, Keep::default()).await {
        Ok(store) => {
            let rooms = store.directory().count();
            let checked = store.check().await;
            store.close().await;
            match checked {
                Ok(()) if existed => {
                    report.line("ok", &format!("{shown} can be written, rooms: {rooms}"));
                }
                Ok(()) => {
                    report.line("ok", &format!("{shown} can be made"));
                    // A check must not leave a file behind.
                    let _ = std::fs::remove_file(database);
                }
                Err(error) => {
                    report.line("bad", &format!("{shown}: {error}"));
                }
            }
        }
        Err(error) => report.line("bad", &error.to_string()),
    }
}

#[cfg(unix)]
fn open_files(report: &mut Report) {
    use rustix::process::{Resource, getrlimit};
    let limit = getrlimit(Resource::Nofile).current;
    match limit {
        Some(files) if files < FEW_FILES => report.line(
            "note",
            &format!(
                "{files} open files: the chat has fewer connections than that (ulimit -Hn)"
            ),
        ),
        Some(files) => report.line("ok", &format!("{files} open files")),
        None => report.line("ok", "as many open files as fit"),
    }
}

#[cfg(unix)]
fn space(report: &mut Report, database: &Path) {
    let folder = database.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let Ok(disk) = rustix::fs::statvfs(folder) else {
        return;
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let verdict = if free < LITTLE_SPACE { "note" } else { "ok" };
    report.line(
        verdict,
        &format!("{} MB free for the database", free / 1_000_000),
    );
}

/// How many connections wait to be accepted.
#[cfg(target_os = "linux")]
fn backlog(report: &mut Report) {
    let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn");
    let Some(allowed) = allowed.ok().and_then(|it| it.trim().parse::<u32>().ok()) else {
        return;
    };
    if allowed < 1024 {
        report.line(
            "note",
            &format!(
                "{allowed} connections can wait to be accepted: after a restart that is \
                 few (sysctl net.core.somaxconn)"
            ),
        );
    } else {
        report.line(
            "ok",
            &format!("{allowed} connections can wait to be accepted"),
        );
    }
}
