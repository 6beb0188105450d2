//! The talk's server and client, and four clients that they were not made for.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use rustix::net::sockopt;
use sockets::{mended, talk};

use super::{ANY_PORT, address_of, found, heading, name, pair, row, within};

pub(crate) fn show(bytes: usize) -> Result<()> {
    heading("The talk's server, and clients that it was not made for");
    row(format!("{:<34} {}", "a client", "what the server printed"));
    let long = "a".repeat(bytes);
    let (whole, half, two) = (
        printed(&["hello"])?,
        printed(&["hel", "lo"])?,
        printed(&["hello\nworld\n"])?,
    );
    let cut = printed(&[&long])?;
    row(format!("{:<34} {whole:?}", "sends \"hello\""));
    row(format!(
        "{:<34} {half:?}",
        "sends \"hel\", and later \"lo\""
    ));
    row(format!("{:<34} {two:?}", "sends two lines at once"));
    row(format!(
        "{:<34} {} of them",
        format!("sends {bytes} bytes"),
        cut.len()
    ));
    ensure!(
        whole == "hello" && half == "hel",
        "it printed {whole:?} and {half:?}"
    );
    ensure!(
        two == "hello\nworld\n" && cut.len() == 64,
        "it printed {two:?} and {} bytes",
        cut.len()
    );

    let (waited, came) = when_it_is_closed()?;
    row(format!(
        "{:<34} {waited}; {came}",
        "waits for the end: recv gives"
    ));

    let (mut client, server) = pair()?;
    sockopt::set_socket_timeout(
        &client,
        sockopt::Timeout::Send,
        Some(Duration::from_millis(50)),
    )?;
    let much = vec![b'a'; 32 << 20];
    let count = client.write(&much)?;
    row(format!(
        "{:<34} {count} bytes taken",
        format!("one send of {} bytes", much.len())
    ));
    ensure!(
        0 < count && count < much.len(),
        "all {count} bytes were taken"
    );
    drop(server);

    for (what, pieces) in [
        ("sends \"hel\", and later \"lo\\n\"", &["hel", "lo\n"][..]),
        ("sends two lines at once", &["hello\nworld\n"]),
    ] {
        let lines = mended_prints(pieces)?;
        row(format!("{what:<34} mended: {lines:?}"));
        ensure!(
            lines == pieces.concat(),
            "the mended server printed {lines:?}"
        );
    }
    found(
        "One recv is not a message, one send may be short, and the end comes when the next client does.",
    );
    Ok(())
}

/// What the talk's server prints for a client that sends these pieces, each after the one
/// before was looked at.
fn printed(pieces: &[&str]) -> Result<String> {
    let server = talk::open(ANY_PORT)?;
    let mut client = TcpStream::connect(address_of(&server)?)?;
    let (first, rest) = pieces.split_at(1);
    client.write_all(first.concat().as_bytes())?;
    let printed = within("the talk's server", move || {
        let mut printed = Vec::new();
        talk::serve(&server, 1, &mut printed).map(|()| printed)
    })??;
    // Nobody reads this any more, which is what is to be shown: an error is as good.
    let _ = client.write_all(rest.concat().as_bytes());
    let text = String::from_utf8(printed)?;
    Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}

/// What a client's `recv` gives after its message was printed, and what after the next
/// client has come.
fn when_it_is_closed() -> Result<(String, String)> {
    let server = talk::open(ANY_PORT)?;
    let address = address_of(&server)?;
    let serving = thread::spawn(move || talk::serve(&server, 2, &mut io::sink()));
    let mut first = TcpStream::connect(address)?;
    first.write_all(b"hello")?;
    first.set_read_timeout(Some(Duration::from_millis(200)))?;
    let waited = match first.read(&mut [0]) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => "nothing".to_owned(),
        Err(error) => name(&error),
        Ok(count) => format!("{count}"),
    };
    let mut second = TcpStream::connect(address)?;
    second.write_all(b"hello")?;
    first.set_read_timeout(Some(super::SOON))?;
    let came = first.read(&mut [0])?;
    serving
        .join()
        .map_err(|_| anyhow::anyhow!("the server panicked"))??;
    ensure!(
        waited == "nothing" && came == 0,
        "the client got {waited}, then {came}"
    );
    Ok((waited, format!("{came}, when another client came")))
}

/// What the mended server prints for pieces that come one by one.
fn mended_prints(pieces: &[&str]) -> Result<String> {
    let (mut client, server) = pair()?;
    let (sender, receiver) = mpsc::channel();
    let serving = thread::spawn(move || {
        let mut printed = Vec::new();
        let ending = mended::converse(Reported(server, sender), &mut printed);
        ending.map(|_| printed)
    });
    for piece in pieces {
        client.write_all(piece.as_bytes())?;
        receiver.recv_timeout(super::SOON)?;
    }
    client.shutdown(Shutdown::Write)?;
    let printed = serving
        .join()
        .map_err(|_| anyhow::anyhow!("the server panicked"))??;
    Ok(String::from_utf8(printed)?)
}

/// A stream that says when something was read: the next piece can go.
struct Reported(TcpStream, mpsc::Sender<usize>);

impl Read for Reported {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        let _ = self.1.send(count); // the client may have sent all and not be listening
        Ok(count)
    }
}

impl Write for Reported {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
