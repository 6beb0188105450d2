//! "Everything is a file" (slide 10), tried.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};
use sockets::descriptor;

use super::{found, heading, name, pair, row};

pub(crate) fn show() -> Result<()> {
    heading("Everything is a file");
    let (client, mut server) = pair()?;
    if cfg!(target_os = "linux") {
        let (reader, _writer) = io::pipe()?;
        row(format!(
            "{:<28} {}",
            "a socket in /proc/self/fd",
            descriptor::what(&client)?
        ));
        row(format!(
            "{:<28} {}",
            "a pipe there",
            descriptor::what(&reader)?
        ));
        let opened = |path| {
            File::open(path).map_or_else(|error| name(&error), |_| "opened".to_owned())
        };
        let (pipe, socket) = (
            opened(descriptor::path(&reader)),
            opened(descriptor::path(&client)),
        );
        row(format!("{:<28} {pipe}", "open(that path), the pipe"));
        row(format!("{:<28} {socket}", "open(that path), the socket"));
        ensure!(
            pipe == "opened" && socket == "ENXIO",
            "open gave {pipe} and {socket}"
        );
    } else {
        row("no /proc here: `lsof -p PID` shows the same");
    }

    let mut file = File::from(OwnedFd::from(client));
    file.write_all(b"hello, by File\n")?;
    drop(file);
    let mut heard = String::new();
    server.read_to_string(&mut heard)?;
    row(format!("{:<28} {heard:?}", "File::write on a socket"));
    ensure!(heard == "hello, by File\n", "the socket carried {heard:?}");

    let (mut client, server) = pair()?;
    let output = OwnedFd::from(server.try_clone()?);
    let mut tr = Command::new("tr")
        .args(["a-z", "A-Z"])
        .stdin(Stdio::from(OwnedFd::from(server)))
        .stdout(Stdio::from(output))
        .spawn()?;
    client.write_all(b"hello, tr\n")?;
    client.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    client.read_to_string(&mut answer)?;
    tr.wait()?;
    row(format!("{:<28} {answer:?}", "a socket as stdin of tr"));
    ensure!(answer == "HELLO, TR\n", "tr answered {answer:?}");
    found(
        "Read, write and close are a file's. Opening is not: a socket has no name in the file system.",
    );
    Ok(())
}
