//! The talk's own programs in Python 3, connected to ours.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use sockets::talk;

use super::{ANY_PORT, address_of, heading, remember, row, within};

pub(crate) fn show() -> Result<()> {
    heading("The talk's Python programs, connected to ours");
    let there = Command::new("python3")
        .arg("-V")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !there.is_ok_and(|status| status.success()) {
        row("skipped: python3 is not installed");
        remember(
            "With python3 installed, this part connects the talk's programs to ours.",
            "`cargo run -p lesson-04-sockets -- calls`.",
        );
        return Ok(());
    }
    let server = talk::open(ANY_PORT)?;
    let port = address_of(&server)?.port().to_string();
    let mut client = python("client.py", &port).spawn()?;
    let printed = within("the Python client", move || {
        let mut printed = Vec::new();
        talk::serve(&server, 1, &mut printed).map(|()| printed)
    })??;
    client.wait()?;
    let ours = String::from_utf8(printed)?;
    row(format!(
        "{:<36} {ours:?}",
        "from client.py, our server printed"
    ));

    let mut server = Ended(
        python("server.py", "0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?,
    );
    let says = server.0.stderr.take().context("it is piped")?;
    let prints = server.0.stdout.take().context("it is piped")?;
    let said = within("server.py prints its port", move || {
        let mut line = String::new();
        BufReader::new(says).read_line(&mut line).map(|_| line)
    })??;
    let port: u16 = said
        .trim()
        .rsplit(' ')
        .next()
        .unwrap_or_default()
        .parse()
        .context(said.clone())?;
    let (_client, _) = talk::say(
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, port),
        b"hello from Rust",
    )?;
    let theirs = within("server.py prints", move || {
        let mut line = String::new();
        BufReader::new(prints).read_line(&mut line).map(|_| line)
    })??;
    row(format!(
        "{:<36} {theirs:?}",
        "from our client, server.py printed"
    ));
    ensure!(
        ours == "hello\n" && theirs == "hello from Rust\n",
        "{ours:?} and {theirs:?} were printed"
    );
    remember(
        "Neither side can tell which language the other is written in, because both \
         make the same calls.",
        "the exercises: `cargo run -p course -- list`.",
    );
    Ok(())
}

fn python(script: &str, port: &str) -> Command {
    let mut command = Command::new("python3");
    command
        .arg(format!("{}/python/{script}", env!("CARGO_MANIFEST_DIR")))
        .arg(port);
    command
}

/// A program that is killed when this is dropped, because the talk's server never exits.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
