//! Reads do not return what writes sent.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use anyhow::{Result, anyhow, ensure};

use super::{ANY_PORT, heading, remember, row};

const WRITES: [&str; 3] = ["hel", "lo\nwor", "ld\n"];

/// Sends two lines in three writes. First the reader waits, so each read returns one
/// write's bytes, and none returns a line. Then it reads late, and one read returns all.
pub(crate) fn show() -> Result<()> {
    heading(&format!(
        "Two lines sent in {} writes, and what each read returns",
        WRITES.len()
    ));
    let listener = TcpListener::bind(ANY_PORT)?;
    let address = listener.local_addr()?;
    let writer = thread::spawn(move || write_in_pieces(TcpStream::connect(address)?));

    let (mut stream, _) = listener.accept()?;
    let (mut buffer, mut received) = ([0; 64], Vec::new());
    for read in 1.. {
        let count = stream.read(&mut buffer)?;
        row(format!(
            "read {read}            {count:>2} bytes  {:?}",
            String::from_utf8_lossy(&buffer[..count])
        ));
        if count == 0 {
            break;
        }
        received.extend_from_slice(&buffer[..count]);
        stream.write_all(b"!")?;
    }
    writer
        .join()
        .map_err(|_| anyhow!("the writer panicked"))??;
    ensure!(
        received == WRITES.concat().as_bytes(),
        "the bytes changed on the way"
    );

    let mut writer = TcpStream::connect(address)?;
    for piece in WRITES {
        writer.write_all(piece.as_bytes())?;
    }
    drop(writer);
    let (mut stream, _) = listener.accept()?;
    let count = stream.read(&mut buffer)?;
    row(format!(
        "one late read     {count:>2} bytes  {:?}",
        String::from_utf8_lossy(&buffer[..count])
    ));
    ensure!(
        buffer[..count] == *WRITES.concat().as_bytes(),
        "the first read returned {count} bytes"
    );
    remember(
        "All bytes arrive, in order. Finding the end of a line is the reader's job.",
        "exercise ex04_read_line, after the chapter's section \"Framing\".",
    );
    Ok(())
}

/// Waits for a byte from the reader after each piece; otherwise TCP could merge two
/// pieces.
fn write_in_pieces(mut stream: TcpStream) -> io::Result<()> {
    for piece in WRITES {
        stream.write_all(piece.as_bytes())?;
        stream.read_exact(&mut [0])?;
    }
    Ok(())
}
