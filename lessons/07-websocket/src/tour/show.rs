//! The parts of the tour.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use terminal::say;
use websocket::{
    CloseCode, Connection, Event, Limits, Message, OpCode, Origins, WebSocket,
    accept_key, encode_frame, encode_masked_frame,
};

use super::inspect;
use crate::Outcome;

/// Nobody in this tour waits longer for anybody.
const PATIENCE: Duration = Duration::from_secs(10);

fn heading(text: &str) {
    say("");
    terminal::heading(text);
}

/// A handshake as it goes over the wire.
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
    // The example of RFC 6455 §1.3: a client's own key is random.
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
    print_wire("<-", AnsiColor::Green, &answer);
    if !answer.contains(&accept_key(key)) {
        return Err("the server's answer is not the one that the key wants".into());
    }
    say!("  From here on no byte of the connection is HTTP.");
    Ok(())
}

fn print_wire(arrow: &str, color: AnsiColor, text: &str) {
    let style = Style::new().fg_color(Some(color.into()));
    for line in text.trim_end().lines() {
        say!("  {style}{arrow}{style:#} {line}");
    }
    say("");
}

/// Frames of each kind, every bit named.
pub(crate) fn frames() -> Outcome {
    heading("Frames, bit by bit");
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let frames = [
        (
            "\"Hi\" from a server",
            encode_frame(OpCode::Text, b"Hi").to_vec(),
        ),
        (
            "\"Hi\" from a client",
            encode_masked_frame(OpCode::Text, key, b"Hi").to_vec(),
        ),
        (
            "300 bytes: a longer length",
            encode_frame(OpCode::Binary, &[7; 300]).to_vec(),
        ),
        (
            "goodbye",
            encode_frame(OpCode::Close, b"\x03\xe9tea is ready").to_vec(),
        ),
    ];
    for (title, bytes) in frames {
        say!("  {title}");
        inspect::draw(&bytes)?;
        say("");
    }
    say!("  Two bytes in front are enough for most messages of a chat.");
    Ok(())
}

/// A conversation in which everything that may happen between two messages does.
pub(crate) fn talk() -> Outcome {
    heading("A conversation");
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let server = thread::spawn(move || -> Result<Vec<String>, websocket::Error> {
        let (stream, _) = listener.accept()?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let (mut socket, request) =
            WebSocket::accept(stream, &Origins::Same, Limits::default())?;
        let mut log = vec![format!("server: a client wants {}", request.path)];
        while let Some(message) = socket.read()? {
            log.push(format!("server: reads {}", short(&message)));
            socket.send(&message)?;
        }
        log.push(format!("server: reads a close frame, {}", reason(&socket)));
        Ok(log)
    });
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut raw = stream.try_clone()?;
    let mut client = WebSocket::connect(
        stream,
        &address.to_string(),
        "/chat?room=tea",
        Limits::default(),
    )?;
    let mut log = vec!["client: sends \"hello\" in one frame".to_owned()];
    client.send(&Message::Text("hello".into()))?;
    log.push(format!("client: reads {}", read(&mut client)?));

    // By hand, since no well-behaved client of ours would: a word in three fragments, a
    // ping between two of them.
    log.push(
        "client: sends \"hel\", a ping, \"l\", \"o\": one message in three fragments"
            .into(),
    );
    for bytes in [
        &b"\x01\x83\0\0\0\0hel"[..],
        b"\x89\x82\0\0\0\0hi",
        b"\x00\x81\0\0\0\0l",
        b"\x80\x81\0\0\0\0o",
    ] {
        raw.write_all(bytes)?;
    }
    log.push(format!("client: reads {}", read(&mut client)?));
    log.push("client: closes with code 1000".into());
    client.close(CloseCode::NORMAL, "tea is ready")?;
    log.push(format!("client: reads the answer, {}", reason(&client)));

    let seen = server.join().map_err(|_| "the server panicked")??;
    for line in seen.iter().chain(&log) {
        say!("  {line}");
    }
    if seen
        .iter()
        .filter(|line| line.contains("\"hello\""))
        .count()
        != 2
    {
        return Err("the server did not read both messages whole".into());
    }
    say!("  A ping between two fragments was answered; the message came out whole.");
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
    socket
        .close_frame()
        .map_or("without a reason".into(), |frame| {
            format!("code {}, {:?}", frame.code, frame.reason)
        })
}

/// What breaks a rule, and what it is told.
pub(crate) fn refused() -> Outcome {
    heading("Refused");
    let wrong: [(&str, &[u8]); 8] = [
        ("a frame that is not masked", b"\x81\x02Hi"),
        ("a reserved bit", b"\xc1\x80\0\0\0\0"),
        ("an opcode that nobody defined", b"\x83\x80\0\0\0\0"),
        ("a length of 5 in the two bytes' form", b"\x81\xfe\x00\x05"),
        ("a ping of 126 bytes", b"\x89\xfe\x00\x7e"),
        ("a fragment of nothing", b"\x80\x80\0\0\0\0"),
        ("text that is not UTF-8", b"\x81\x81\0\0\0\0\xff"),
        ("a message of 4 GB", b"\x82\xff\0\0\0\x01\0\0\0\0\0\0\0\0"),
    ];
    for (what, bytes) in wrong {
        let mut connection = Connection::server(Limits::default());
        let mut bytes = bytes.to_vec();
        let mut input = bytes.as_mut_slice();
        let Err(error) = connection.receive(&mut input) else {
            return Err(format!("{what} was taken").into());
        };
        let mut output = connection.take_output();
        let mut client = Connection::client(Limits::default(), || [0; 4]);
        let Ok(Some(Event::Close(Some(frame)))) =
            client.receive(&mut output.as_mut_slice())
        else {
            return Err(format!("{what}: the peer was not told why").into());
        };
        say!("  {what:38} {}  {error}", frame.code);
    }
    say!("  Each of them as soon as it shows, and of the 4 GB no byte was waited for.");
    Ok(())
}
