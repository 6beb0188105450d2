//! The talk's server and client, with clients that they cannot handle.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use rustix::net::sockopt;
use sockets::{mended, talk};
use terminal::say;

use super::{ANY_PORT, address_of, heading, name, pair, remember, row, within};

pub(crate) fn show(bytes: usize) -> Result<()> {
    heading("The talk's server, and clients that it cannot handle");
    row(format!("{:<34} {}", "the client", "the server printed"));
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
        "{:<34} {} bytes",
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
    say("");
    row(format!("{:<34} {}", "the client's call", "returned"));
    row(format!(
        "{:<34} {waited}",
        "recv, after \"hello\" was printed"
    ));
    row(format!(
        "{:<34} {came} (end-of-file)",
        "recv, after the next client came"
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
        "{:<34} {count}",
        format!("one send of {} bytes", much.len())
    ));
    ensure!(
        0 < count && count < much.len(),
        "all {count} bytes were accepted"
    );
    drop(server);

    say("");
    row(format!(
        "{:<34} {}",
        "the client", "the fixed server printed"
    ));
    for (what, pieces) in [
        ("sends \"hel\", and later \"lo\\n\"", &["hel", "lo\n"][..]),
        ("sends two lines at once", &["hello\nworld\n"]),
    ] {
        let lines = mended_prints(pieces)?;
        row(format!("{what:<34} {lines:?}"));
        ensure!(
            lines == pieces.concat(),
            "the fixed server printed {lines:?}"
        );
    }
    remember(
        "One recv is not one message, one send can be short, and the talk's server \
         closes a connection only when the next client comes.",
        "`cargo run -p lesson-04-sockets -- framing` shows how to mark where a message \
         ends.",
    );
    Ok(())
}

/// Returns what the talk's server prints for a client that sends the first piece, and the
/// others after the server has printed it.
fn printed(pieces: &[&str]) -> Result<String> {
    let server = talk::open(ANY_PORT)?;
    let mut client = TcpStream::connect(address_of(&server)?)?;
    let (first, rest) = pieces.split_at(1);
    client.write_all(first.concat().as_bytes())?;
    let printed = within("the talk's server", move || {
        let mut printed = Vec::new();
        talk::serve(&server, 1, &mut printed).map(|()| printed)
    })??;
    // The server reads once, so nothing reads this; an error would show the same.
    let _ = client.write_all(rest.concat().as_bytes());
    let text = String::from_utf8(printed)?;
    Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}

/// Returns the result of a client's `recv` after its message was printed, and of another
/// after the next client has connected.
fn when_it_is_closed() -> Result<(String, usize)> {
    let server = talk::open(ANY_PORT)?;
    let address = address_of(&server)?;
    let serving = thread::spawn(move || talk::serve(&server, 2, &mut io::sink()));
    let mut first = TcpStream::connect(address)?;
    first.write_all(b"hello")?;
    first.set_read_timeout(Some(Duration::from_millis(200)))?;
    let waited = match first.read(&mut [0]) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            "nothing within 200 ms".to_owned()
        }
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
        waited.starts_with("nothing") && came == 0,
        "the client got {waited}, then {came}"
    );
    Ok((waited, came))
}

/// Returns what the fixed server prints for pieces that arrive one by one.
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

/// A stream that reports each read, so that the client can send the next piece.
struct Reported(TcpStream, mpsc::Sender<usize>);

impl Read for Reported {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        let _ = self.1.send(count); // ignored once the client has sent all
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
