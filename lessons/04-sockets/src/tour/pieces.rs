//! What is written is not what is read.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use anyhow::{Result, anyhow, ensure};

use super::{ANY_PORT, found, heading, row};

const WRITES: [&str; 3] = ["hel", "lo\nwor", "ld\n"];

/// Two lines in three writes: each read gives what was written, and no read gives a line.
/// Then all at once.
pub(crate) fn show() -> Result<()> {
    heading(&format!(
        "Two lines, written in {} pieces, as the other side reads them",
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
        "other bytes came than were sent"
    );

    let mut writer = TcpStream::connect(address)?;
    for piece in WRITES {
        writer.write_all(piece.as_bytes())?;
    }
    drop(writer);
    let (mut stream, _) = listener.accept()?;
    let count = stream.read(&mut buffer)?;
    row(format!(
        "all, read late    {count:>2} bytes  {:?}",
        String::from_utf8_lossy(&buffer[..count])
    ));
    ensure!(
        buffer[..count] == *WRITES.concat().as_bytes(),
        "{count} bytes came in the first read"
    );
    found(
        "All bytes came, in order. Where a line ends is for the reader to find: exercise ex04_read_line.",
    );
    Ok(())
}

/// Waits for a sign from the reader after each piece: else TCP may put two pieces
/// together.
fn write_in_pieces(mut stream: TcpStream) -> io::Result<()> {
    for piece in WRITES {
        stream.write_all(piece.as_bytes())?;
        stream.read_exact(&mut [0])?;
    }
    Ok(())
}
