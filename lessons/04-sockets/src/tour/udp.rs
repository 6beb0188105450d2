//! The same two writes over TCP and over UDP.

use std::io::{Read, Write};
use std::net::UdpSocket;

use anyhow::{Result, ensure};

use super::{ANY_PORT, SOON, heading, pair, remember, row};

pub(crate) fn show() -> Result<()> {
    heading("Two writes, \"hel\" and \"lo\", over TCP and over UDP");
    let (mut client, mut server) = pair()?;
    client.write_all(b"hel")?;
    client.write_all(b"lo")?;
    drop(client);
    let mut all = String::new();
    server.read_to_string(&mut all)?;
    row(format!("{:<28} {all:?}, then end-of-file", "TCP"));

    let one = UdpSocket::bind(ANY_PORT)?;
    let two = UdpSocket::bind(ANY_PORT)?;
    two.set_read_timeout(Some(SOON))?;
    for message in ["hel", "lo", "", "hello, world"] {
        one.send_to(message.as_bytes(), two.local_addr()?)?;
    }
    let mut buffer = [0; 5];
    let mut came = Vec::new();
    for _ in 0..4 {
        let (count, _) = two.recv_from(&mut buffer)?;
        came.push(String::from_utf8_lossy(&buffer[..count]).into_owned());
    }
    row(format!("{:<28} {:?}, {:?}", "UDP", came[0], came[1]));
    row(format!(
        "{:<28} {:?}, which is not end-of-file",
        "UDP, an empty datagram", came[2]
    ));
    row(format!(
        "{:<28} {:?}, and the rest is lost",
        "UDP, 12 bytes, recv of 5", came[3]
    ));
    ensure!(
        all == "hello" && came == ["hel", "lo", "", "hello"],
        "TCP carried {all:?}, UDP {came:?}"
    );
    remember(
        "UDP keeps messages apart and promises nothing else: they can be lost, arrive \
         twice, or arrive out of order.",
        "`cargo run -p lesson-04-sockets -- unix` uses a socket with a path.",
    );
    Ok(())
}
