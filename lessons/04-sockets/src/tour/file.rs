//! "Everything is a file" (slide 10), tried.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};
use sockets::descriptor;

use super::{heading, name, pair, remember, row};

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
            "a pipe in /proc/self/fd",
            descriptor::what(&reader)?
        ));
        let opened = |path| {
            File::open(path).map_or_else(|error| name(&error), |_| "opened".to_owned())
        };
        let (pipe, socket) = (
            opened(descriptor::path(&reader)),
            opened(descriptor::path(&client)),
        );
        row(format!("{:<28} {pipe}", "open the pipe's path"));
        row(format!("{:<28} {socket}", "open the socket's path"));
        ensure!(
            pipe == "opened" && socket == "ENXIO",
            "opening returned {pipe} and {socket}"
        );
    } else {
        row("no /proc on this system: `lsof -p PID` shows the same");
    }

    let mut file = File::from(OwnedFd::from(client));
    file.write_all(b"written by File\n")?;
    drop(file);
    let mut received = String::new();
    server.read_to_string(&mut received)?;
    row(format!("{:<28} {received:?}", "File::write on a socket"));
    ensure!(
        received == "written by File\n",
        "the socket carried {received:?}"
    );

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
    row(format!("{:<28} {answer:?}", "a socket as input of `tr`"));
    ensure!(answer == "HELLO, TR\n", "tr answered {answer:?}");
    remember(
        "You can read, write and close a socket like a file. You cannot open one: a \
         socket has no name in the file system.",
        "`cargo run -p lesson-04-sockets -- pieces` shows what a read returns.",
    );
    Ok(())
}
