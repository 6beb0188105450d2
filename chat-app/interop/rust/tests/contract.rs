//! `rust_socketio` against our server: the example `contract`. `EXAMPLES` says where it
//! has been built.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use rust_socketio::client::{Client, ClientBuilder};
use rust_socketio::{Payload, TransportType};
use serde_json::{Value, json};

const DEADLINE: Duration = Duration::from_secs(10);

/// The example, until the test ends.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start() -> Self {
        let built = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../target/debug/examples"
        );
        let examples =
            std::env::var_os("EXAMPLES").map_or_else(|| built.into(), PathBuf::from);
        let program = examples.join("contract");
        let mut process = Command::new(&program)
            .args(["--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{}: {error}; build it, or set EXAMPLES", program.display())
            });
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .strip_prefix("Listening on ")
            .expect("the example says where it listens")
            .trim();
        Self {
            process,
            url: url.to_owned(),
        }
    }

    /// A client of `/chat`, and the messages that it hears: who, and what.
    fn connect(&self, transport: TransportType) -> (Guest, Receiver<(Value, Value)>) {
        let (hear, heard) = mpsc::channel();
        let (open, opened) = mpsc::channel();
        // Who waits for these may have failed meanwhile.
        let client = ClientBuilder::new(&self.url)
            .namespace("/chat")
            .transport_type(transport)
            .reconnect(false)
            .on("open", move |_, _| {
                let _ = open.send(());
            })
            .on("msg_to_room", move |payload, _| {
                if let Payload::Text(values) = payload {
                    let _ = hear.send((values[0].clone(), values[1].clone()));
                }
            })
            .connect()
            .unwrap();
        opened
            .recv_timeout(DEADLINE)
            .expect("the namespace is joined");
        (Guest(client), heard)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A client that says goodbye.
struct Guest(Client);

impl Guest {
    /// Emits an event and returns the acknowledgement's arguments.
    fn ask(&self, event: &str, argument: &str) -> Vec<Value> {
        let (send, answer) = mpsc::channel();
        self.0
            .emit_with_ack(event, argument, DEADLINE, move |payload, _| {
                if let Payload::Text(values) = payload {
                    let _ = send.send(values);
                }
            })
            .unwrap();
        answer
            .recv_timeout(DEADLINE)
            .unwrap_or_else(|_| panic!("no acknowledgement of {event}"))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = self.0.disconnect();
    }
}

/// The client hands an acknowledgement's arguments over in one array of their own.
fn arguments(answer: Vec<Value>) -> Value {
    match <[Value; 1]>::try_from(answer) {
        Ok([only @ Value::Array(_)]) => only,
        Ok([other]) => json!([other]),
        Err(several) => Value::Array(several),
    }
}

fn talks_in_rooms(transport: fn() -> TransportType) {
    let server = Server::start();
    let (ada, ada_heard) = server.connect(transport());
    let (bob, bob_heard) = server.connect(transport());
    let (eve, eve_heard) = server.connect(transport());

    for (guest, room) in [(&ada, "rust"), (&bob, "rust"), (&eve, "other")] {
        assert_eq!(arguments(guest.ask("join", room)), json!([true]));
    }
    assert_eq!(arguments(ada.ask("nickname", "Ada")), json!([true, "Ada"]));
    for n in 0..100 {
        assert_eq!(
            arguments(ada.ask("user message", &format!("message {n}"))),
            json!([true])
        );
    }
    for n in 0..100 {
        let heard = bob_heard
            .recv_timeout(DEADLINE)
            .expect("the message is delivered");
        assert_eq!(heard, (json!("Ada"), json!(format!("message {n}"))));
    }
    // What was sent to them before these acknowledgements would be here by now.
    for (guest, heard) in [(&ada, ada_heard), (&eve, eve_heard)] {
        guest.ask("join", "last");
        assert_eq!(heard.try_iter().count(), 0);
    }
}

#[test]
fn polling() {
    talks_in_rooms(|| TransportType::Polling);
}

#[test]
fn websocket() {
    talks_in_rooms(|| TransportType::Websocket);
}

#[test]
fn polling_upgraded() {
    talks_in_rooms(|| TransportType::WebsocketUpgrade);
}
