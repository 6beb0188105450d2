//! The tour: a handshake of 0.9, an event with its acknowledgement, and one message as
//! each generation receives it.

use std::net::SocketAddr;

use anstyle::{AnsiColor, Style};
use heritage::utf16;
use heritage::v09::{Handshake, Transport, choose, encode_body};
use terminal::{heading, remember, say};

use super::client::request;
use super::server::start;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Runs the tour.
pub(crate) fn run(text: &str) -> Outcome {
    let running = start()?;
    let old = handshake(running.address)?;
    event(running.address, &old)?;
    generations(running.address, &old, text)?;
    terminal::next(
        "chapter 13, \"Packets of Socket.IO 0.9\"; then the exercise ex13_packet.",
    );
    Ok(())
}

/// Prints a line that passes on the wire. U+FFFD is shown as `*`.
fn draw(out: bool, what: &str, meaning: &str) {
    let (arrow, color) = if out {
        ("->", AnsiColor::Green)
    } else {
        ("<-", AnsiColor::Cyan)
    };
    let style = Style::new().fg_color(Some(color.into()));
    let what = what.replace('\u{fffd}', "*").replace('\u{1e}', "^");
    let first = format!("  {style}{arrow}{style:#} ");
    terminal::wrapped(&first, 5, &what);
    if !meaning.is_empty() {
        terminal::wrapped("       ", 7, meaning);
    }
}

/// Returns the path of a session of 0.9 over xhr-polling.
fn handshake(address: SocketAddr) -> Outcome<String> {
    heading("The handshake is one line");
    draw(true, "GET /socket.io/1/?t=1", "");
    let line = request(address, "/socket.io/1/?t=1", None)?;
    draw(false, &line, "id : heartbeat : close : transports");
    let handshake = Handshake::parse(&line)?;
    let today = [Transport::WebSocket, Transport::XhrPolling];
    let old = [
        Transport::HtmlFile,
        Transport::XhrPolling,
        Transport::JsonpPolling,
    ];
    for (browser, can) in [
        ("A browser of today", &today[..]),
        ("Internet Explorer 9 without Flash", &old[..]),
    ] {
        let wanted = &Transport::ALL;
        let chosen = choose(&handshake.transports, wanted, |it| can.contains(&it));
        let chosen = chosen.ok_or("no transport in common")?;
        terminal::wrapped("  ", 2, &format!("{browser} chooses {chosen}."));
    }
    remember(
        "The server offers, the client chooses: the most capable transport at run time, \
         as slide 15 says.",
    );
    Ok(format!("/socket.io/1/xhr-polling/{}", handshake.sid))
}

/// Joins the chat and a room.
fn event(address: SocketAddr, path: &str) -> Outcome {
    say("");
    heading("An event of 2013, by polling");
    let open = request(address, path, None)?;
    draw(false, &open, "connected");
    let join = r#"5:1+:/chat:{"name":"join","args":["tea"]}"#;
    let body = encode_body(["1::/chat", join]);
    let meaning = "two packets in one body, each with its length; * stands for U+FFFD";
    draw(true, &body, meaning);
    request(address, path, Some(&body))?;
    let mut heard = String::new();
    while !heard.contains("6::/chat:1+[true]") {
        heard = request(address, path, None)?;
        draw(false, &heard, "");
    }
    remember(
        "The + asks for the handler's value. Today every acknowledgement has one, so \
         the number is enough.",
    );
    Ok(())
}

/// One message, and what each generation receives.
fn generations(address: SocketAddr, old: &str, text: &str) -> Outcome {
    say("");
    heading("One message, three languages");
    let middle = polling(address, "3")?;
    post(address, &middle, "8:40/chat,")?;
    wait_for(address, &middle, "40/chat")?;
    let join = "42/chat,[\"join\",\"tea\"]";
    post(address, &middle, &format!("{}:{join}", join.len()))?;
    let today = polling(address, "4")?;
    post(address, &today, "40/chat,")?;
    wait_for(address, &today, "40/chat")?;
    let json = serde_json::to_string(text)?;
    let message = format!("42/chat,1[\"user message\",{json}]");
    draw(true, &message, "a client of today says it");
    post(address, &today, &message)?;
    let body = wait_for(address, &today, "43/chat")?;
    draw(false, &body, "today: the acknowledgement");
    let body = wait_for(address, &middle, "msg_to_room")?;
    draw(
        false,
        &body,
        "Socket.IO 2: the same packet, with its length in front",
    );
    let body = wait_for(address, old, "msg_to_room")?;
    draw(false, &body, "Socket.IO 0.9: an object with a name");
    remember(&format!(
        "{text:?} has {} bytes, {} characters and {} UTF-16 units. The old protocols \
         wrote the last number, because JavaScript calls it the length.",
        text.len(),
        text.chars().count(),
        utf16::len(text)
    ));
    Ok(())
}

/// Opens a session of Engine.IO by polling, and returns its path.
fn polling(address: SocketAddr, version: &str) -> Outcome<String> {
    let path = format!("/socket.io/?EIO={version}&transport=polling");
    let open = request(address, &path, None)?;
    let sid = open.split('"').nth(3).ok_or("no session")?;
    Ok(format!("{path}&sid={sid}"))
}

fn post(address: SocketAddr, path: &str, body: &str) -> Outcome {
    request(address, path, Some(body)).map(drop)
}

/// Polls until a body has this in it.
fn wait_for(address: SocketAddr, path: &str, what: &str) -> Outcome<String> {
    loop {
        let body = request(address, path, None)?;
        if body.contains(what) {
            return Ok(body);
        }
    }
}
