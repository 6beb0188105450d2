//! The tour: a session opens over polling, exchanges messages and moves to a WebSocket;
//! another one is kept alive by its heartbeat until the client stops answering.

use std::thread;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use engine_io::{CloseReason, Message as Payload, Packet, payload};
use terminal::remember;
use websocket::{Message, WebSocket};

use super::client::{Asked, Counted, answer, read, request, websocket};
use super::server::{Running, start};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

const PATIENCE: Duration = Duration::from_secs(20);
/// How the server completes what the client asks for.
const SUFFIX: &str = " is ready";

/// Prints one step after another.
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
    // With the default heartbeat no ping is sent in between.
    let stage = Stage {
        pause,
        running: start(SUFFIX, Duration::from_secs(25), Duration::from_secs(20))?,
    };
    let sid = stage.polling()?;
    stage.upgrade(&sid)?;
    let stage = Stage {
        pause,
        running: start(SUFFIX, ping_interval, ping_timeout)?,
    };
    let socket = stage.heartbeat(ping_interval)?;
    stage.gone(socket, ping_timeout)?;
    terminal::next("chapter 9, \"The upgrade\"; then the exercise ex09_heartbeat.");
    Ok(())
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

    /// Prints each packet of a payload, and returns the packets as text.
    fn payload(&self, body: &str) -> Outcome<Vec<String>> {
        let packets: Vec<_> = body.split('\u{1e}').map(str::to_owned).collect();
        for (text, packet) in packets.iter().zip(payload::decode(body)) {
            self.draw("polling", false, &short(text), meaning(&packet?));
        }
        Ok(packets)
    }

    fn get(&self, sid: &str) -> Outcome<Asked> {
        self.draw("polling", true, "GET", "is there a message for me?");
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

    /// The session opens with a plain request, and exchanges a message.
    fn polling(&self) -> Outcome<String> {
        self.heading("Polling: HTTP is enough");
        self.draw("polling", true, "GET", "please open a session");
        let opened = answer(request(self.running.address, "GET", "", "")?)?;
        self.payload(&opened.body)?;
        let sid = opened.sid()?;
        let waiting = self.get(&sid)?;
        say("              (the poll waits at the server)");
        self.post(&sid, "4tea", "each message is a request")?;
        let packets = self.payload(&answer(waiting)?.body)?;
        if packets != ["4tea is ready"] {
            return Err(format!("the poll returned {packets:?}").into());
        }
        remember(
            "Every message to the client answers a poll, and the client polls again. \
             Every message to the server is a request.",
        );
        Ok(sid)
    }

    /// A WebSocket is tried next to the polls, and the session moves there without losing
    /// a message.
    fn upgrade(&self, sid: &str) -> Outcome {
        self.heading("The upgrade: the same session moves to a WebSocket");
        let waiting = self.get(sid)?;
        let mut socket = websocket(self.running.address, Some(sid))?;
        say("              (a WebSocket opens, with the same sid)");
        self.send(&mut socket, "2probe", "does this connection work?")?;
        self.expect(&mut socket, "3probe", "it does")?;
        let packets = self.payload(&answer(waiting)?.body)?;
        if packets != ["6"] {
            return Err(format!("the waiting poll was answered with {packets:?}").into());
        }
        self.send(&mut socket, "5", "I have moved here")?;
        self.send(&mut socket, "4more tea", "now a message is a frame")?;
        self.expect(&mut socket, "4more tea is ready", "and so is the answer")?;
        let late = answer(request(
            self.running.address,
            "GET",
            &format!("&sid={sid}"),
            "",
        )?)?;
        self.draw("polling", true, "GET", "is there a message for me?");
        self.draw(
            "polling",
            false,
            &late.status.to_string(),
            "refused: the session has moved",
        );
        if late.status != 400 {
            return Err("a poll of an upgraded session was served".into());
        }
        self.send(&mut socket, "1", "close")?;
        remember(
            "At every moment exactly one transport carries the messages, and the client \
             decides when it changes.",
        );
        Ok(())
    }

    /// Ping and pong.
    fn heartbeat(&self, interval: Duration) -> Outcome<WebSocket<Counted>> {
        self.heading(&format!(
            "The heartbeat: a ping {} ms after the last pong",
            interval.as_millis()
        ));
        let mut socket = websocket(self.running.address, None)?;
        say("              (a new session, over a WebSocket from the start)");
        let open = read(&mut socket)?;
        self.draw(
            "websocket",
            false,
            &short(&open),
            "open: the sid, and the settings",
        );
        for _ in 0..2 {
            self.expect(&mut socket, "2", "are you still there?")?;
            self.send(&mut socket, "3", "yes")?;
        }
        remember(
            "No message was sent, and yet each side knows that the other one is alive.",
        );
        Ok(socket)
    }

    /// The client stops answering, as if it were in a tunnel.
    fn gone(&self, mut socket: WebSocket<Counted>, timeout: Duration) -> Outcome {
        self.heading(&format!(
            "A client that is gone: no pong within {} ms",
            timeout.as_millis()
        ));
        self.expect(&mut socket, "2", "are you still there?")?;
        let asked = Instant::now();
        say("              (the client does not answer)");
        let reason = self.running.ended.recv_timeout(PATIENCE)?;
        self.draw("", false, "session closed", &format!("reason: {reason}"));
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
        say(&format!("{} sessions are left", self.running.sessions()));
        if self.running.sessions() > 0 {
            return Err("the session is still there".into());
        }
        remember(
            "A connection that breaks says nothing. Only a missing pong shows that the \
             client is gone.",
        );
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

    /// Reads the next packet, which must be this one.
    fn expect(
        &self,
        socket: &mut WebSocket<Counted>,
        packet: &str,
        meaning: &str,
    ) -> Outcome {
        let came = read(socket)?;
        if came != packet {
            return Err(format!("expected {packet:?}, received {came:?}").into());
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

    /// A ping needs its pong in time, so these two are drawn without a pause.
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

/// Prints one packet after a pause: its transport, its direction, and what it is for.
fn draw(pause: Duration, over: &str, out: bool, what: &str, meaning: &str) {
    thread::sleep(pause);
    let (arrow, color) = if out {
        ("──►", AnsiColor::Cyan)
    } else {
        ("◄──", AnsiColor::Green)
    };
    let style = Style::new().fg_color(Some(color.into()));
    terminal::say!("  {over:9} {style}{arrow}{style:#} {what:26} {meaning}");
}

/// Says what a packet is for.
fn meaning(packet: &Packet<'_>) -> &'static str {
    match packet {
        Packet::Open(_) => "open: the sid, and the settings",
        Packet::Close => "close",
        Packet::Ping(_) => "are you still there?",
        Packet::Pong(_) => "yes",
        Packet::Message(Payload::Text(_) | Payload::Binary(_)) => "a message",
        Packet::Upgrade => "I have moved here",
        Packet::Noop => "nothing: an answer that ends the poll",
    }
}

/// Shortens a packet to the width of its column.
fn short(packet: &str) -> String {
    if packet.chars().count() <= 26 {
        packet.to_owned()
    } else {
        packet.chars().take(24).collect::<String>() + " …"
    }
}
