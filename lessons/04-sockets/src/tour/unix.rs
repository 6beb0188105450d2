//! The mended server over a path.

use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use sockets::mended;

use super::{found, heading, name, row};

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
    row(format!(
        "{:<36} {answer:?}",
        "the mended client, over a path"
    ));
    row(format!(
        "{:<36} {:?}",
        "the server printed",
        String::from_utf8_lossy(&printed)
    ));
    let refused = UnixStream::connect(path)
        .map(drop)
        .as_ref()
        .map_or_else(name, |()| "connected".to_owned());
    row(format!(
        "{:<36} {refused}",
        "connect, after the server has gone"
    ));
    let again = UnixListener::bind(path)
        .map(drop)
        .as_ref()
        .map_or_else(name, |()| "bound".to_owned());
    row(format!("{:<36} {again}", "bind to the path that it left"));
    ensure!(
        answer == "hello" && refused == "ECONNREFUSED" && again == "EADDRINUSE",
        "{answer} {refused} {again}"
    );
    found(
        "The same calls, the same server. Here a socket does have a name, and the server has to remove it.",
    );
    Ok(())
}
