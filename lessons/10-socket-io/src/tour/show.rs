//! The story: Ann and Bob connect, join a room, talk, send bytes, and the server asks a
//! question.

use std::thread;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use terminal::say;

use super::client::{Client, Failure};
use super::server::start;

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

    heading("A namespace: one connection, several conversations");
    for person in [&mut ann, &mut bob] {
        person.says("0/chat,", "I should like to be in /chat")?;
        person.hears("0/chat,{", "you are, under this id")?;
    }
    ann.says("0/admin,", "and in /admin")?;
    ann.hears("4/admin,{", "there is no such namespace")?;

    heading("A room: a name for a set of sockets");
    for person in [&mut ann, &mut bob] {
        person.says(r#"2/chat,0["join","tea"]"#, "an event; 0 wants an answer")?;
        person.hears("3/chat,0[true]", "the answer: what the handler returned")?;
    }
    ann.says(
        r#"2/chat,1["user message","tea","is it ready?"]"#,
        "an event with two arguments",
    )?;
    bob.hears(
        r#"2/chat,["msg_to_room","Ann","is it ready?"]"#,
        "the others in the room hear it",
    )?;
    ann.hears(
        "3/chat,1[true]",
        "Ann gets her answer, and not her own words",
    )?;

    heading("Arguments that do not fit");
    ann.says(
        r#"2/chat,2["user message","tea",42]"#,
        "the text is a number",
    )?;
    ann.hears("3/chat,2[false,", "refused, with the reason")?;
    ann.says(
        r#"2/chat,3["user message","tea","still here"]"#,
        "and nobody was thrown out",
    )?;
    bob.hears(r#"2/chat,["msg_to_room","Ann","still here"]"#, "")?;
    ann.hears("3/chat,3[true]", "")?;

    heading("Bytes: JSON has none, so they travel beside it");
    ann.says(
        r#"51-/chat,4["photo","tea",{"_placeholder":true,"num":0}]"#,
        "one attachment follows",
    )?;
    ann.line(true, "01 02 03 04", "here it is, a binary frame");
    ann.client.attach(&[1, 2, 3, 4])?;
    bob.hears(r#"51-/chat,["photo",{"_placeholder":true,"num":0}]"#, "")?;
    let bytes = bob.client.attachment()?;
    bob.line(false, &hex(&bytes), "the same bytes");
    if bytes != [1, 2, 3, 4] {
        return Err(format!("Bob got {bytes:?}").into());
    }
    ann.hears("3/chat,4[true]", "")?;

    heading("A question from the server");
    bob.says(r#"2/chat,1["quiz"]"#, "ask me something")?;
    bob.hears(
        r#"2/chat,0["what is 6 times 7"]"#,
        "the handler waits for the answer",
    )?;
    bob.says("3/chat,0[42]", "which is this")?;
    bob.hears(r#"3/chat,1["right"]"#, "and goes on")?;

    say!("\n  Every line above is what went over the wire, with Engine.IO's 4 left out.");
    Ok(())
}

impl Person {
    fn says(&mut self, packet: &str, meaning: &str) -> Result<(), Failure> {
        self.line(true, packet, meaning);
        self.client.send(packet)
    }

    /// The next packet has to begin so.
    fn hears(&mut self, expected: &str, meaning: &str) -> Result<(), Failure> {
        let packet = self.client.packet()?;
        self.line(false, &packet, meaning);
        if packet.starts_with(expected) {
            return Ok(());
        }
        Err(format!("{} got {packet:?} where {expected:?} was due", self.name).into())
    }

    fn line(&self, out: bool, what: &str, meaning: &str) {
        thread::sleep(self.pause);
        let (arrow, color) = if out {
            ("──►", AnsiColor::Cyan)
        } else {
            ("◄──", AnsiColor::Green)
        };
        let style = Style::new().fg_color(Some(color.into()));
        // What is too long for its column has its meaning under it.
        let gap = if what.chars().count() > 46 {
            format!("\n          {:46}", "")
        } else {
            String::new()
        };
        let text = format!("{what:46}{gap} {meaning}");
        let name = self.name;
        say!("  {name} {style}{arrow}{style:#} {}", text.trim_end());
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
