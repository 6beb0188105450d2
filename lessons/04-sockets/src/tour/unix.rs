//! The fixed server over a Unix socket.

use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use sockets::mended;

use super::{heading, name, remember, row};

pub(crate) fn show() -> Result<()> {
    heading("A socket with a path");
    let folder = std::env::temp_dir().join(format!("lesson-04-{}", std::process::id()));
    std::fs::create_dir(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let shown = over(&folder.join("talk.socket"));
    std::fs::remove_dir_all(&folder)?;
    shown
}

fn over(path: &std::path::Path) -> Result<()> {
    let server = UnixListener::bind(path)?;
    let serving = thread::spawn(move || {
        let mut printed = Vec::new();
        let result = server
            .accept()
            .and_then(|(stream, _)| mended::converse(stream, &mut printed));
        (result, printed)
    });
    let answer = mended::ask(UnixStream::connect(path)?, "hello")?;
    let (ending, printed) = serving.join().map_err(|_| anyhow!("the server panicked"))?;
    ending?;
    row(format!("{:<38} {answer:?}", "the fixed client received"));
    row(format!(
        "{:<38} {:?}",
        "the fixed server printed",
        String::from_utf8_lossy(&printed)
    ));
    let refused = UnixStream::connect(path)
        .map(drop)
        .as_ref()
        .map_or_else(name, |()| "connected".to_owned());
    row(format!(
        "{:<38} {refused}",
        "connect, after the server has stopped"
    ));
    let again = UnixListener::bind(path)
        .map(drop)
        .as_ref()
        .map_or_else(name, |()| "bound".to_owned());
    row(format!(
        "{:<38} {again}",
        "bind to the path that it left behind"
    ));
    ensure!(
        answer == "hello" && refused == "ECONNREFUSED" && again == "EADDRINUSE",
        "{answer} {refused} {again}"
    );
    remember(
        "The calls and the server are the same. A Unix socket has a name in the file \
         system, and the server has to remove it.",
        "try it yourself: `nc -U PATH` connects to a Unix socket.",
    );
    Ok(())
}
