//! The server that the official JavaScript client's own test suite asks for: bytes,
//! dates, questions, the handshake, and namespaces that let every client in or none.

use std::future::pending;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use engine_io::{Hooks, ServeLimits};
use serde_json::{Value, json};
use socket_io::{
    Ack, Args, Binary, Config, ConnectError, IntoArgs, Io, Recovery, Socket,
};
use tokio::net::TcpListener;

#[derive(Parser)]
#[command(about = "The server of the JavaScript client's test suite, on /socket.io/")]
struct Options {
    /// Where to listen on 127.0.0.1; 0 for any free port.
    #[arg(long, default_value_t = 3210)]
    port: u16,
}

/// A date as JavaScript writes it into JSON, fixed so that a test can expect it.
const DATE: &str = "2012-02-29T23:59:59.999Z";

fn main_namespace(socket: Socket) {
    socket.on("echo", async |_: Socket, args: Args| args);
    socket.on("getHandshake", async |socket: Socket| handshake(&socket));
    socket.on("getAckDate", async |_: Socket| DATE);
    socket.on("getUtf8", async |socket: Socket| {
        let texts = ["てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string"];
        for text in texts.into_iter().chain(["utf8 — string"]) {
            socket.emit("takeUtf8", text);
        }
    });
    reply(&socket, "hi", "hi", ());
    reply(&socket, "false", "false", false);
    reply(&socket, "getDate", "takeDate", DATE);
    let date = json!({ "date": DATE });
    reply(&socket, "getDateObj", "takeDateObj", date);
    reply(&socket, "doge", "doge", Binary::from("asdfasdf"));
    reply(&socket, "getbin", "takebin", Binary::from("asdfasdf"));
    with_bytes(&socket);
    with_questions(&socket);
    with_id(socket);
}

fn with_id(socket: Socket) {
    socket.on("getId", async |socket: Socket| socket.id().to_string());
}

/// Handles an event by emitting another one.
fn reply<A>(socket: &Socket, event: &str, answer: &'static str, args: A)
where
    A: IntoArgs + Clone + Send + Sync + 'static,
{
    socket.on(event, async move |socket: Socket| socket.emit(answer, args));
}

/// Events of the JavaScript and the Java suite, which expect no acknowledgement. A task
/// waits for the client's answer, which may never come: its next event must not wait too.
fn with_questions(socket: &Socket) {
    for event in ["ack", "callAck"] {
        socket.on(event, async |socket: Socket, _: Ack| {
            tokio::spawn(async move {
                if let Ok(answer) = socket.emit_with_ack::<Args>("ack", ()).await {
                    if answer.json() == r#"[5,{"test":true}]"# {
                        socket.emit("got it", ());
                    }
                    socket.emit("ackBack", answer);
                }
            });
        });
    }
}

/// Handles events with bytes. One with other arguments, or out of turn, gets no reply.
fn with_bytes(socket: &Socket) {
    for (event, answer) in [("buffa", "buffack"), ("blob", "back")] {
        socket.on(event, async move |socket: Socket, _: Binary| {
            socket.emit(answer, ());
        });
    }
    let bytes = r#""message":{"_placeholder":true,"num":0}"#;
    for (event, answer) in [("jsonbuff", "jsonbuff-ack"), ("jsonblob", "jsonblob-ack")] {
        socket.on(event, async move |socket: Socket, args: Args| {
            if args.json().contains(bytes) {
                socket.emit(answer, ());
            }
        });
    }
    socket.on("abuff1", async |socket: Socket, _: Binary| {
        socket.once("abuff2", async |socket: Socket| {
            socket.emit("abuff2-ack", ());
        });
    });
    socket.on("blob1", async |socket: Socket, _: Binary| {
        socket.once("blob2", async |socket: Socket, _: String| {
            socket.once("blob3", async |socket: Socket, _: Binary| {
                socket.emit("blob3-ack", ());
            });
        });
    });
}

/// The parts of the client's first request that the suite checks, named as in Node.
fn handshake(socket: &Socket) -> Value {
    let query: Value = socket.handshake().query_pairs().collect();
    json!({ "auth": socket.auth(), "query": query, "url": socket.handshake().url() })
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Options { port } = Options::parse();
    let mut engine = Config::default().engine;
    engine.ping_interval = Duration::from_secs(2);
    // A delay in which the client's own timeout can expire.
    engine.hooks = Hooks::default().allow_request(async |_| {
        tokio::time::sleep(Duration::from_millis(10)).await;
        Ok::<_, &str>(())
    });
    let io = Io::new(Config {
        recovery: Some(Recovery::default()),
        engine,
        ..Config::default()
    });
    let main = io.of("/", main_namespace);
    main.middleware(
        async |socket: Socket| match socket.handshake().parameter("fail") {
            Some(_) => Err(ConnectError::new("Auth failed (main namespace)")),
            None => Ok(()),
        },
    );
    let refusal = async |_| Err(ConnectError::new("Auth failed (custom namespace)"));
    io.of("/no", |_| {}).middleware(refusal);
    io.of("/foo", with_id);
    let greet = |socket: Socket| socket.emit("handshake", handshake(&socket));
    io.of("/abc", greet);
    for name in ["/timeout_socket", "/valid", "/asd"] {
        io.of(name, |_| {});
    }

    let listener = TcpListener::bind(("127.0.0.1", port)).await;
    let listener = listener.with_context(|| format!("cannot listen on port {port}"))?;
    println!("Listening on http://{}", listener.local_addr()?);
    let limits = ServeLimits::default();
    Ok(engine_io::run(listener, io.filter(), limits, pending()).await?)
}
