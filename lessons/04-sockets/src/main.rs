//! The tour of lesson 04: what is written is not what is read.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;

const WRITES: [&str; 3] = ["hel", "lo\nwor", "ld\n"];

fn main() -> ExitCode {
    match tour() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lesson 04: {error}");
            ExitCode::from(2)
        }
    }
}

/// Two lines in three writes: each read gives what was written, and no read gives a line.
fn tour() -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let writer = thread::spawn(move || write_in_pieces(TcpStream::connect(address)?));

    let (mut stream, _) = listener.accept()?;
    println!("two lines, written in {} pieces, as the other side reads them:\n", WRITES.len());
    let (mut buffer, mut received) = ([0; 64], Vec::new());
    for read in 1.. {
        let count = stream.read(&mut buffer)?;
        println!("  read {read}  {count:>2} bytes  {:?}", String::from_utf8_lossy(&buffer[..count]));
        if count == 0 {
            break;
        }
        received.extend_from_slice(&buffer[..count]);
        stream.write_all(b"!")?;
    }
    writer.join().map_err(|_| io::Error::other("the writer panicked"))??;

    if received != WRITES.concat().as_bytes() {
        return Err(io::Error::other("other bytes came than were sent"));
    }
    println!(
        "\nAll bytes came, in order. Where a line ends is for the reader to find: exercise ex04_read_line."
    );
    Ok(())
}

/// Waits for a sign from the reader after each piece: else TCP may put two pieces together.
fn write_in_pieces(mut stream: TcpStream) -> io::Result<()> {
    for piece in WRITES {
        stream.write_all(piece.as_bytes())?;
        stream.read_exact(&mut [0])?;
    }
    Ok(())
}
