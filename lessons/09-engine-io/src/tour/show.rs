//! The story: a session opens by polling, talks, moves to a WebSocket, beats, and is left
//! alone.

use std::thread;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use engine_io::{CloseReason, Message as Payload, Packet, payload};
use websocket::{Message, WebSocket};

use super::client::{Asked, Counted, answer, read, request, websocket};
use super::server::{Running, start};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

const PATIENCE: Duration = Duration::from_secs(20);

/// Draws one step after another.
struct Stage {
    pause: Duration,
    running: Running,
}

/// Runs the whole tour.
pub(crate) fn run(
    pause: Duration,
    ping_interval: Duration,
    ping_timeout: Duration,
) -> Outcome {
    // The default heartbeat: no ping comes in between.
    let stage = Stage {
        pause,
        running: start(Duration::from_secs(25), Duration::from_secs(20))?,
    };
    let sid = stage.polling()?;
    stage.upgrade(&sid)?;
    let stage = Stage {
        pause,
        running: start(ping_interval, ping_timeout)?,
    };
    let socket = stage.heartbeat(ping_interval)?;
    stage.gone(socket, ping_timeout)
}

impl Stage {
    fn heading(&self, text: &str) {
        thread::sleep(self.pause);
        terminal::say("");
        terminal::heading(text);
    }

    fn draw(&self, over: &str, out: bool, what: &str, meaning: &str) {
        draw(self.pause, over, out, what, meaning);
    }

    /// Draws each packet of a payload, and gives the packets back as text.
    fn payload(&self, body: &str) -> Outcome<Vec<String>> {
        let packets: Vec<_> = body.split('\u{1e}').map(str::to_owned).collect();
        for (text, packet) in packets.iter().zip(payload::decode(body)) {
            self.draw("polling", false, &short(text), meaning(&packet?));
        }
        Ok(packets)
    }

    fn get(&self, sid: &str) -> Outcome<Asked> {
        self.draw("polling", true, "GET", "is there anything for me?");
        Ok(request(
            self.running.address,
            "GET",
            &format!("&sid={sid}"),
            "",
        )?)
    }

    fn post(&self, sid: &str, packet: &str, meaning: &str) -> Outcome {
        self.draw("polling", true, &format!("POST {packet}"), meaning);
        let answer = answer(request(
            self.running.address,
            "POST",
            &format!("&sid={sid}"),
            packet,
        )?)?;
        if answer.status != 200 {
            return Err(
                format!("the server answered {} to {packet}", answer.status).into()
            );
        }
        Ok(())
    }

    /// The session opens with a plain request, and talks.
    fn polling(&self) -> Outcome<String> {
        self.heading("Polling: HTTP is enough");
        self.draw("polling", true, "GET", "a session, please");
        let opened = answer(request(self.running.address, "GET", "", "")?)?;
        self.payload(&opened.body)?;
        let sid = opened.sid()?;
        let waiting = self.get(&sid)?;
        say("            (it waits at the server: long polling)");
        self.post(&sid, "4tea", "a message goes by a request of its own")?;
        let packets = self.payload(&answer(waiting)?.body)?;
        if packets != ["4tea is ready"] {
            return Err(format!("the poll brought {packets:?}").into());
        }
        say(
            "Each message to us costs a request, and one waits at the server all the time.",
        );
        Ok(sid)
    }

    /// A WebSocket is tried beside it, and the session moves there without losing
    /// anything.
    fn upgrade(&self, sid: &str) -> Outcome {
        self.heading("The upgrade: the same session moves");
        let waiting = self.get(sid)?;
        let mut socket = websocket(self.running.address, Some(sid))?;
        say("            (a WebSocket with the same sid opens beside it)");
        self.send(&mut socket, "2probe", "does anything get through here?")?;
        self.expect(&mut socket, "3probe", "it does")?;
        let packets = self.payload(&answer(waiting)?.body)?;
        if packets != ["6"] {
            return Err(format!("the waiting poll was let go with {packets:?}").into());
        }
        self.send(&mut socket, "5", "then I am here from now on")?;
        self.send(&mut socket, "4more tea", "a message is a frame now")?;
        self.expect(&mut socket, "4more tea is ready", "and so is the answer")?;
        let late = answer(request(
            self.running.address,
            "GET",
            &format!("&sid={sid}"),
            "",
        )?)?;
        self.draw("polling", true, "GET", "and who polls now?");
        self.draw(
            "polling",
            false,
            &late.status.to_string(),
            "is refused: the session has moved",
        );
        if late.status != 400 {
            return Err("a poll of an upgraded session was served".into());
        }
        self.send(&mut socket, "1", "goodbye")
    }

    /// Ping and pong.
    fn heartbeat(&self, interval: Duration) -> Outcome<WebSocket<Counted>> {
        self.heading(&format!(
            "The heartbeat: a ping {} ms after the last pong",
            interval.as_millis()
        ));
        let mut socket = websocket(self.running.address, None)?;
        say("            (a new session, over a WebSocket from the start)");
        let open = read(&mut socket)?;
        self.draw(
            "websocket",
            false,
            &short(&open),
            "open: the session's name, and the rules",
        );
        for _ in 0..2 {
            self.expect(&mut socket, "2", "are you there?")?;
            self.send(&mut socket, "3", "yes")?;
        }
        say("Nothing was said, and both know that the other is there.");
        Ok(socket)
    }

    /// The client stops answering, as if it were in a tunnel.
    fn gone(&self, mut socket: WebSocket<Counted>, timeout: Duration) -> Outcome {
        self.heading(&format!(
            "Gone: a ping without its pong for {} ms",
            timeout.as_millis()
        ));
        self.expect(&mut socket, "2", "are you there?")?;
        let asked = Instant::now();
        say("            (nobody answers)");
        let reason = self.running.ended.recv_timeout(PATIENCE)?;
        self.draw(
            "",
            false,
            "session closed",
            &format!("because of a {reason}"),
        );
        if reason != CloseReason::PingTimeout || asked.elapsed() < timeout / 2 {
            return Err(format!(
                "the session ended by {reason} after {:?}",
                asked.elapsed()
            )
            .into());
        }
        let deadline = Instant::now() + PATIENCE;
        while self.running.sessions() > 0 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        say(&format!(
            "{} sessions are left: nothing is kept for who does not come back.",
            self.running.sessions()
        ));
        if self.running.sessions() > 0 {
            return Err("the session is still there".into());
        }
        Ok(())
    }

    fn send(
        &self,
        socket: &mut WebSocket<Counted>,
        packet: &str,
        meaning: &str,
    ) -> Outcome {
        draw(
            self.pause_before(packet),
            "websocket",
            true,
            packet,
            meaning,
        );
        Ok(socket.send(&Message::Text(packet.to_owned()))?)
    }

    /// The next packet has to be this one.
    fn expect(
        &self,
        socket: &mut WebSocket<Counted>,
        packet: &str,
        meaning: &str,
    ) -> Outcome {
        let came = read(socket)?;
        if came != packet {
            return Err(format!("{came:?} came where {packet:?} was due").into());
        }
        draw(
            self.pause_before(packet),
            "websocket",
            false,
            packet,
            meaning,
        );
        Ok(())
    }

    /// A ping must have its pong in time: these two are drawn as they pass.
    fn pause_before(&self, packet: &str) -> Duration {
        if ["2", "3"].contains(&packet) {
            Duration::ZERO
        } else {
            self.pause
        }
    }
}

fn say(text: &str) {
    terminal::say!("  {text}");
}

/// One line of the drawing, after a pause: over what, which way, and what.
fn draw(pause: Duration, over: &str, out: bool, what: &str, meaning: &str) {
    thread::sleep(pause);
    let (arrow, color) = if out {
        ("──►", AnsiColor::Cyan)
    } else {
        ("◄──", AnsiColor::Green)
    };
    let style = Style::new().fg_color(Some(color.into()));
    terminal::say!("  {over:9} {style}{arrow}{style:#} {what:30} {meaning}");
}

/// What a packet is for.
fn meaning(packet: &Packet<'_>) -> &'static str {
    match packet {
        Packet::Open(_) => "open: the session's name, and the rules",
        Packet::Close => "close",
        Packet::Ping(_) => "are you there?",
        Packet::Pong(_) => "yes",
        Packet::Message(Payload::Text(_) | Payload::Binary(_)) => "a message",
        Packet::Upgrade => "I am here from now on",
        Packet::Noop => "nothing: an answer so that the poll can end",
    }
}

/// A packet that fits its column.
fn short(packet: &str) -> String {
    if packet.chars().count() <= 30 {
        packet.to_owned()
    } else {
        packet.chars().take(28).collect::<String>() + " …"
    }
}
