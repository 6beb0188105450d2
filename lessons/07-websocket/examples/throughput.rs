//! Masked messages through our decoder and through tungstenite's, by their size: `book
//! plot 07-throughput`.
//!
//! Both unmask, both check UTF-8 where a message is text, and both read from memory: no
//! network is measured. The two take turns, and of seven turns the median counts.

use std::io::{self, Cursor, Read, Write};
use std::time::Instant;

use tungstenite::protocol::{Role as TheirRole, WebSocket, WebSocketConfig};
use websocket::{Decoder, Event, Limits, OpCode, Role, encode_masked_frame};

/// How much goes through in one turn.
const BYTES: usize = 32_000_000;
const TURNS: usize = 7;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("bytes in a message,ours,tungstenite");
    for size in [16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144] {
        let count = (BYTES / (size + 14)).clamp(16, 200_000);
        let frame = encode_masked_frame(
            OpCode::Text,
            [0x37, 0xfa, 0x21, 0x3d],
            &vec![b'a'; size],
        );
        let stream = frame.repeat(count);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            ours.push(rate(count, || with_ours(&stream))?);
            theirs.push(rate(count, || with_theirs(&stream))?);
        }
        println!("{size},{:.0},{:.0}", median(ours), median(theirs));
    }
    Ok(())
}

/// Messages a second.
fn rate(
    expected: usize,
    run: impl FnOnce() -> Result<usize, Box<dyn std::error::Error>>,
) -> Result<f64, Box<dyn std::error::Error>> {
    let start = Instant::now();
    let count = run()?;
    let seconds = start.elapsed().as_secs_f64();
    if count != expected {
        return Err(format!("{count} messages instead of {expected}").into());
    }
    Ok(f64::from(u32::try_from(count)?) / seconds)
}

/// As a server's connection does it: 64 KiB at most are read at once, into the same
/// buffer each time.
fn with_ours(mut stream: &[u8]) -> Result<usize, Box<dyn std::error::Error>> {
    let mut decoder = Decoder::new(Role::Server, Limits::default());
    let (mut buffer, mut count) = (vec![0; 65_536], 0);
    loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Ok(count);
        }
        let mut input = &mut buffer[..read];
        while let Some(event) = decoder.decode(&mut input)? {
            count += usize::from(matches!(std::hint::black_box(event), Event::Text(_)));
        }
    }
}

fn with_theirs(stream: &[u8]) -> Result<usize, Box<dyn std::error::Error>> {
    let config = WebSocketConfig::default().read_buffer_size(65_536);
    let mut socket = WebSocket::from_raw_socket(
        OneWay(Cursor::new(stream)),
        TheirRole::Server,
        Some(config),
    );
    let mut count = 0;
    loop {
        match socket.read() {
            Ok(message) => count += usize::from(std::hint::black_box(message).is_text()),
            Err(tungstenite::Error::Protocol(_)) => return Ok(count), /* the stream
            * has no closing
             * handshake */
            Err(error) => return Err(error.into()),
        }
    }
}

/// What is written to it is gone.
struct OneWay<'a>(Cursor<&'a [u8]>);

impl Read for OneWay<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for OneWay<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
