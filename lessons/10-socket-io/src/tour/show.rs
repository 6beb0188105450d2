//! The tour: Ann and Bob connect, join a room, exchange messages and bytes, and the server
//! asks a question.

use std::thread;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use terminal::{remember, say};

use super::client::{Client, Failure};
use super::server::start;

/// The column in which packets begin.
const PACKET: usize = 10;
/// The column in which their meanings begin, counted from there.
const MEANING: usize = 28;

struct Person {
    name: &'static str,
    client: Client,
    pause: Duration,
}

/// Runs the whole tour.
pub(crate) fn run(pause: Duration) -> Result<(), Failure> {
    let running = start()?;
    let mut ann = Person {
        name: "Ann",
        client: Client::dial(running.address)?,
        pause,
    };
    let mut bob = Person {
        name: "Bob",
        client: Client::dial(running.address)?,
        pause,
    };

    heading("Namespaces: several conversations on one connection");
    for person in [&mut ann, &mut bob] {
        person.says("0/chat,", "please let me into /chat")?;
        person.hears("0/chat,{", "accepted; this is your public id")?;
    }
    ann.says("0/admin,", "and into /admin")?;
    ann.hears("4/admin,{", "refused; the connection stays open")?;
    remember("A client joins each namespace separately, and each can refuse it.");

    heading("Rooms: a name for a set of sockets");
    for person in [&mut ann, &mut bob] {
        person.says(
            r#"2/chat,0["join","tea"]"#,
            "an event, with the acknowledgement id 0",
        )?;
        person.hears("3/chat,0[true]", "acknowledgement 0: the value returned")?;
    }
    ann.says(
        r#"2/chat,1["user message","tea","is it ready?"]"#,
        "an event with two arguments",
    )?;
    bob.hears(
        r#"2/chat,["msg_to_room","Ann","is it ready?"]"#,
        "broadcast to the others in the room",
    )?;
    ann.hears("3/chat,1[true]", "acknowledgement 1")?;
    remember(
        "A broadcast reaches the members of a room, but not the socket that sends it. \
         The acknowledgement is the handler's return value.",
    );

    heading("Arguments of the wrong type");
    ann.says(
        r#"2/chat,2["user message","tea",42]"#,
        "the text is a number",
    )?;
    ann.hears("3/chat,2[false,", "refused, with the reason")?;
    ann.says(
        r#"2/chat,3["user message","tea","still here"]"#,
        "the client is still connected",
    )?;
    bob.hears(r#"2/chat,["msg_to_room","Ann","still here"]"#, "")?;
    ann.hears("3/chat,3[true]", "")?;
    remember("Wrong arguments never reach the handler. The client learns the reason.");

    heading("Bytes: JSON cannot carry them, so they follow it");
    ann.says(
        r#"51-/chat,4["photo","tea",{"_placeholder":true,"num":0}]"#,
        "one attachment follows",
    )?;
    ann.line(true, "01 02 03 04", "the attachment, a binary frame");
    ann.client.attach(&[1, 2, 3, 4])?;
    bob.hears(r#"51-/chat,["photo",{"_placeholder":true,"num":0}]"#, "")?;
    let bytes = bob.client.attachment()?;
    bob.line(false, &hex(&bytes), "the same bytes");
    if bytes != [1, 2, 3, 4] {
        return Err(format!("Bob received {bytes:?}").into());
    }
    ann.hears("3/chat,4[true]", "")?;

    heading("The server asks a question");
    bob.says(r#"2/chat,1["quiz"]"#, "please ask me something")?;
    bob.hears(
        r#"2/chat,0["what is 6 times 7"]"#,
        "the handler awaits acknowledgement 0",
    )?;
    bob.says("3/chat,0[42]", "the answer")?;
    bob.hears(r#"3/chat,1["right"]"#, "the handler returns")?;
    remember(
        "Each side counts its own questions. Every packet above is shown as it was sent, \
         without Engine.IO's leading 4.",
    );
    terminal::next("chapter 10, \"The packet\"; then the exercise ex10_packet.");
    Ok(())
}

impl Person {
    fn says(&mut self, packet: &str, meaning: &str) -> Result<(), Failure> {
        self.line(true, packet, meaning);
        self.client.send(packet)
    }

    /// Reads the next packet, which must begin with `expected`.
    fn hears(&mut self, expected: &str, meaning: &str) -> Result<(), Failure> {
        let packet = self.client.packet()?;
        self.line(false, &packet, meaning);
        if packet.starts_with(expected) {
            return Ok(());
        }
        Err(format!(
            "{} expected {expected:?}, and received {packet:?}",
            self.name
        )
        .into())
    }

    /// Prints a packet, with its meaning next to it or, where the line is too short, below.
    fn line(&self, out: bool, what: &str, meaning: &str) {
        thread::sleep(self.pause);
        let (arrow, color) = if out {
            ("──►", AnsiColor::Cyan)
        } else {
            ("◄──", AnsiColor::Green)
        };
        let style = Style::new().fg_color(Some(color.into()));
        let first = format!("  {} {style}{arrow}{style:#} ", self.name);
        let fits = what.chars().count() < MEANING;
        let text = if fits {
            format!("{what:MEANING$}{meaning}")
        } else {
            what.to_owned()
        };
        terminal::wrapped(&first, PACKET, text.trim_end());
        if !fits && !meaning.is_empty() {
            say!("{:1$}{meaning}", "", PACKET + MEANING);
        }
    }
}

fn heading(text: &str) {
    say("");
    terminal::heading(text);
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .join(" ")
}
