//! The parts of the tour.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use terminal::{remember, say};
use websocket::{
    CloseCode, Connection, Event, Limits, Message, OpCode, Origins, WebSocket,
    accept_key, encode_frame, encode_masked_frame,
};

use super::inspect;
use crate::Outcome;

/// The longest wait for a peer in this tour.
const PATIENCE: Duration = Duration::from_secs(10);

fn heading(text: &str) {
    say("");
    terminal::heading(text);
}

/// Does a handshake, and prints it as it goes over the wire.
pub(crate) fn handshake() -> Outcome {
    heading("The handshake");
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let server = thread::spawn(move || -> Result<(), websocket::Error> {
        let (stream, _) = listener.accept()?;
        stream.set_read_timeout(Some(PATIENCE))?;
        WebSocket::accept(stream, &Origins::Same, Limits::default()).map(drop)
    });
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // The key is the example of RFC 6455 §1.3; a real client's key is random.
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    let request = format!(
        "GET /chat HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    print_wire("->", AnsiColor::Cyan, &request);
    server.join().map_err(|_| "the server panicked")??;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    say("");
    print_wire("<-", AnsiColor::Green, &answer);
    if !answer.contains(&accept_key(key)) {
        return Err("the server sent the wrong accept key".into());
    }
    remember(
        "The accept key shows that the server has read this very request. After these \
         two texts, no byte of the connection is HTTP.",
    );
    Ok(())
}

fn print_wire(arrow: &str, color: AnsiColor, text: &str) {
    let style = Style::new().fg_color(Some(color.into()));
    for line in text.trim_end().lines() {
        say!("  {style}{arrow}{style:#} {line}");
    }
}

/// Draws four frames, and names every bit.
pub(crate) fn frames() -> Outcome {
    heading("Frames, bit by bit");
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let frames = [
        (
            "The text \"Hi\" from a server",
            encode_frame(OpCode::Text, b"Hi").to_vec(),
        ),
        (
            "The same text from a client",
            encode_masked_frame(OpCode::Text, key, b"Hi").to_vec(),
        ),
        (
            "300 bytes, with a longer length",
            encode_frame(OpCode::Binary, &[7; 300]).to_vec(),
        ),
        (
            "A close frame",
            encode_frame(OpCode::Close, b"\x03\xe9tea is ready").to_vec(),
        ),
    ];
    for (title, bytes) in frames {
        say("");
        say!("  {title}");
        inspect::draw(&bytes)?;
    }
    remember(
        "A server needs two bytes of header for a short message. A client needs six, \
         because of its mask.",
    );
    Ok(())
}

/// The lines of both sides, in the order in which things happened: each side writes its
/// line before it sends, so the other one cannot be earlier.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, side: &str, what: impl std::fmt::Display) {
        self.lines().push(format!("{side:7} {what}"));
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets a client and a server talk: a message in one frame, one in fragments with a ping
/// between them, and the close handshake.
pub(crate) fn talk() -> Outcome {
    heading("A conversation");
    let path = "/chat?room=tea";
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let log = Log::default();
    let server_log = log.clone();
    let server = thread::spawn(move || -> Result<String, websocket::Error> {
        let (stream, _) = listener.accept()?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let (mut socket, request) =
            WebSocket::accept(stream, &Origins::Same, Limits::default())?;
        server_log.add("server", format!("accepts a client of {}", request.path));
        socket.send(&Message::Text("welcome".into()))?;
        while let Some(message) = socket.read()? {
            server_log.add(
                "server",
                format!("reads {}, sends it back", short(&message)),
            );
            socket.send(&message)?;
        }
        Ok(reason(&socket))
    });
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut raw = stream.try_clone()?;
    let mut client =
        WebSocket::connect(stream, &address.to_string(), path, Limits::default())?;
    let welcome = read(&mut client)?;
    log.add("client", format!("reads {welcome}"));
    log.add("client", "sends \"hello\" in one frame");
    client.send(&Message::Text("hello".into()))?;
    let whole = read(&mut client)?;
    log.add("client", format!("reads {whole}"));

    // Written by hand, because our client never sends fragments: a word in three of them,
    // with a ping after the first.
    log.add("client", "sends \"hel\", a ping, \"l\", and \"o\" with FIN");
    for bytes in [
        &b"\x01\x83\0\0\0\0hel"[..],
        b"\x89\x82\0\0\0\0hi",
        b"\x00\x81\0\0\0\0l",
        b"\x80\x81\0\0\0\0o",
    ] {
        raw.write_all(bytes)?;
    }
    let fragments = read(&mut client)?;
    log.add("client", format!("reads {fragments}"));
    log.add("client", "sends a close frame");
    client.close(CloseCode::NORMAL, "tea is ready")?;

    let seen = server.join().map_err(|_| "the server panicked")??;
    log.add("server", format!("reads a close frame: {seen}"));
    log.add(
        "client",
        format!("reads one in return: {}", reason(&client)),
    );
    for line in log.lines().iter() {
        say!("  {line}");
    }
    if whole != "\"hello\"" || fragments != whole {
        return Err("the server did not read both messages whole".into());
    }
    remember(
        "A message in three fragments, with a ping between two of them, is one message \
         to the program that reads it. Each side sends one close frame.",
    );
    Ok(())
}

fn read(socket: &mut WebSocket<TcpStream>) -> Result<String, Box<dyn std::error::Error>> {
    Ok(short(&socket.read()?.ok_or("the server closed")?))
}

fn short(message: &Message) -> String {
    match message {
        Message::Text(text) => format!("{text:?}"),
        Message::Binary(bytes) => format!("{} bytes", bytes.len()),
    }
}

fn reason<S>(socket: &WebSocket<S>) -> String
where
    S: Read + Write,
{
    socket.close_frame().map_or("no code".into(), |frame| {
        format!("code {}, {:?}", frame.code, frame.reason)
    })
}

/// Sends frames that break a rule, and prints the close frames that answer them.
pub(crate) fn refused() -> Outcome {
    heading("Refused frames");
    say!(
        "  {:16}{:6}reason in the close frame",
        "frame begins",
        "code"
    );
    let wrong: [&[u8]; 8] = [
        b"\x81\x02Hi",
        b"\xc1\x80\0\0\0\0",
        b"\x83\x80\0\0\0\0",
        b"\x81\xfe\x00\x05",
        b"\x89\xfe\x00\x7e",
        b"\x80\x80\0\0\0\0",
        b"\x81\x81\0\0\0\0\xff",
        b"\x82\xff\0\0\0\x01\0\0\0\0\0\0\0\0",
    ];
    for frame in wrong {
        let mut connection = Connection::server(Limits::default());
        let mut bytes = frame.to_vec();
        if connection.receive(&mut bytes.as_mut_slice()).is_ok() {
            return Err(format!("{frame:02x?} was accepted").into());
        }
        let mut output = connection.take_output();
        let mut client = Connection::client(Limits::default(), || [0; 4]);
        let Ok(Some(Event::Close(Some(close)))) =
            client.receive(&mut output.as_mut_slice())
        else {
            return Err(format!("{frame:02x?} was refused without a reason").into());
        };
        let start: Vec<_> = frame.iter().take(4).map(|b| format!("{b:02x}")).collect();
        let more = if frame.len() > 4 { " …" } else { "" };
        say!(
            "  {:16}{:<6}{}",
            start.join(" ") + more,
            close.code.0,
            close.reason
        );
    }
    remember(
        "The server refuses each frame at the first byte that shows the mistake. The \
         last header announces 4 GiB, and the server waits for none of them.",
    );
    Ok(())
}
