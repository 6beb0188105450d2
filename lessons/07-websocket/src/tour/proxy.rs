//! `proxy`: passes bytes between a client and a server and prints every frame.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anstyle::{AnsiColor, Style};
use terminal::say;
use websocket::{CloseFrame, FrameHeader, MAX_HEAD, MAX_HEADER, OpCode, apply_mask};

use crate::Outcome;

/// The longest part of a payload that is shown, in bytes.
const SHOWN: usize = 125;

/// Serves until the program is stopped.
pub(crate) fn run(listen: SocketAddr, to: &str) -> Outcome {
    let listener = TcpListener::bind(listen)
        .map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    say!(
        "Proxy at http://{} for {to}. Stop it with Ctrl-C.",
        listener.local_addr()?
    );
    let count = AtomicU64::new(0);
    thread::scope(|scope| {
        for client in listener.incoming() {
            let Ok(client) = client else { continue };
            let number = count.fetch_add(1, Ordering::Relaxed) + 1;
            match TcpStream::connect(to) {
                Ok(server) => drop(scope.spawn(move || pass(number, &client, &server))),
                Err(error) => say!("#{number}  cannot connect to {to}: {error}"),
            }
        }
    });
    Ok(())
}

/// Carries both directions until both have ended.
fn pass(number: u64, client: &TcpStream, server: &TcpStream) {
    thread::scope(|scope| {
        let up = Tap::new(format!("#{number} ->"), AnsiColor::Cyan);
        let down = Tap::new(format!("#{number} <-"), AnsiColor::Green);
        scope.spawn(move || carry(client, server, up));
        scope.spawn(move || carry(server, client, down));
    });
}

/// Copies bytes from one stream to the other, and shows them to `tap`. An EOF is passed
/// on as an EOF, an error as a closed connection.
fn carry(mut from: &TcpStream, mut to: &TcpStream, mut tap: Tap) {
    let mut buffer = vec![0; 64 * 1024];
    let outcome = loop {
        match from.read(&mut buffer) {
            Ok(0) => break Ok(()),
            Ok(count) => {
                tap.see(&buffer[..count]);
                if let Err(error) = to.write_all(&buffer[..count]) {
                    break Err(error);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    // After an EOF the peer can still read; after an error it cannot.
    let _ = match outcome {
        Ok(()) => to.shutdown(Shutdown::Write),
        Err(_) => to
            .shutdown(Shutdown::Both)
            .and(from.shutdown(Shutdown::Both)),
    };
}

/// Follows one direction of a connection.
struct Tap {
    who: String,
    color: AnsiColor,
    state: State,
}

enum State {
    /// In HTTP headers that are still incomplete.
    Head(Vec<u8>),
    /// In a frame's header that is still incomplete.
    Header(Vec<u8>),
    /// In a payload: the part that is kept to be shown, and how many bytes are missing.
    Payload {
        header: FrameHeader,
        kept: Vec<u8>,
        left: u64,
    },
    /// In bytes that are not frames, or that we cannot read: passed on, not shown.
    Blind,
}

impl Tap {
    fn new(who: String, color: AnsiColor) -> Self {
        Self {
            who,
            color,
            state: State::Head(Vec::new()),
        }
    }

    fn see(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match std::mem::replace(&mut self.state, State::Blind) {
                State::Blind => return,
                State::Head(head) => self.head(head, bytes),
                State::Header(header) => self.header(header, bytes),
                State::Payload { header, kept, left } => {
                    self.payload(header, kept, left, bytes)
                }
            };
        }
    }

    fn say(&self, text: &str) {
        let style = Style::new().fg_color(Some(self.color.into()));
        say!("{style}{}{style:#}  {text}", self.who);
    }

    /// Reads HTTP headers, with which both directions begin.
    fn head<'a>(&mut self, mut head: Vec<u8>, bytes: &'a [u8]) -> &'a [u8] {
        let had = head.len();
        head.extend_from_slice(bytes);
        let Some(end) = head
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .map(|at| at + 4)
        else {
            if head.len() <= MAX_HEAD {
                self.state = State::Head(head);
            }
            return &[];
        };
        let text = String::from_utf8_lossy(&head[..end]).into_owned();
        let first = text.lines().next().unwrap_or_default();
        self.say(first);
        let upgraded = first.contains(" 101 ")
            || text.to_ascii_lowercase().contains("upgrade: websocket");
        if upgraded {
            self.state = State::Header(Vec::new());
        } else {
            self.say("(not a WebSocket: passed on, not shown)");
        }
        &bytes[end - had..]
    }

    fn header<'a>(&mut self, mut header: Vec<u8>, bytes: &'a [u8]) -> &'a [u8] {
        let had = header.len();
        header.extend_from_slice(&bytes[..bytes.len().min(MAX_HEADER - had)]);
        match FrameHeader::parse(&header) {
            Ok(Some((parsed, len))) => {
                let used = len - had;
                self.state = State::Payload {
                    header: parsed,
                    kept: Vec::new(),
                    left: parsed.len,
                };
                if parsed.len == 0 {
                    self.payload(parsed, Vec::new(), 0, &[]);
                }
                &bytes[used..]
            }
            Ok(None) => {
                let used = header.len() - had;
                self.state = State::Header(header);
                &bytes[used..]
            }
            Err(error) => {
                self.say(&format!("(not a frame: {error})"));
                &[]
            }
        }
    }

    fn payload<'a>(
        &mut self,
        header: FrameHeader,
        mut kept: Vec<u8>,
        left: u64,
        bytes: &'a [u8],
    ) -> &'a [u8] {
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let (chunk, rest) = bytes.split_at(count);
        kept.extend_from_slice(&chunk[..chunk.len().min(SHOWN - kept.len())]);
        let left = left - chunk.len() as u64;
        if left > 0 {
            self.state = State::Payload { header, kept, left };
            return rest;
        }
        if let Some(key) = header.mask {
            apply_mask(&mut kept, key, 0);
        }
        let more = if header.len > kept.len() as u64 {
            " …"
        } else {
            ""
        };
        let text = match str::from_utf8(&kept) {
            _ if header.opcode == OpCode::Close => match CloseFrame::decode(&kept) {
                Ok(Some(frame)) => format!("code {}, {:?}", frame.code, frame.reason),
                Ok(None) => String::new(),
                Err(error) => format!("wrong: {error}"),
            },
            Ok(text) => format!("{text:?}{more}"),
            Err(error) if error.error_len().is_none() => {
                format!(
                    "{:?}{more}",
                    String::from_utf8_lossy(&kept[..error.valid_up_to()])
                )
            }
            Err(_) => format!("{:02x?}{more}", &kept[..kept.len().min(16)]),
        };
        let fin = if header.fin {
            ""
        } else {
            ", more fragments follow"
        };
        let kind = format!("{:?}", header.opcode).to_lowercase();
        self.say(&format!("{kind:12} {:>7} bytes{fin}  {text}", header.len));
        self.state = State::Header(Vec::new());
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tap has to end in the same state however the bytes are cut.
    #[test]
    fn a_tap_follows_frames_however_bytes_are_cut() {
        let mut bytes = b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec();
        bytes.extend_from_slice(b"\x81\x02Hi\x89\x00\x81\x7e\x01\x00");
        bytes.extend_from_slice(&[b'a'; 256]);
        bytes.extend_from_slice(b"\x88\x02");
        for size in [1, 2, 3, 7, 50, 1000] {
            let mut tap = Tap::new("test".into(), AnsiColor::Green);
            for chunk in bytes.chunks(size) {
                tap.see(chunk);
            }
            assert!(
                matches!(&tap.state, State::Payload { left: 2, .. }),
                "cut in {size}"
            );
        }
    }
}
