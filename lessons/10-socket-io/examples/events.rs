//! Whatever a handler can be: one of several, for once, behind middleware, with the
//! acknowledgement in hand, or a listener to everything.

use std::process::exit;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use clap::Parser;
use engine_io::ServeLimits;
use serde_json::json;
use socket_io::{Ack, Args, Binary, Event, HandlerId, Io, Socket};
use tokio::net::TcpListener;

#[derive(Parser)]
#[command(about = "A server for client tests, on /socket.io/")]
struct Options {
    /// Where to listen on 127.0.0.1; 0 for any free port.
    #[arg(long, default_value_t = 3000)]
    port: u16,
}

/// A token bucket: each event takes a token, and new tokens come at a steady rate.
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    const SIZE: f64 = 10.0;
    const PER_SECOND: f64 = 2.0;

    fn full() -> Self {
        Self {
            tokens: Self::SIZE,
            filled: Instant::now(),
        }
    }

    fn take(&mut self) -> bool {
        let passed = self.filled.elapsed().as_secs_f64();
        self.filled = Instant::now();
        self.tokens = (self.tokens + Self::PER_SECOND * passed).min(Self::SIZE);
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}

// ANCHOR: limit
fn limit_rate(socket: &Socket) {
    let bucket = Arc::new(Mutex::new(Bucket::full()));
    socket.middleware(async move |_: Socket, event: Event| {
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        if bucket.take() {
            Ok(event)
        } else {
            Err("too many events")
        }
    });
}
// ANCHOR_END: limit

fn with_middleware(socket: Socket) {
    limit_rate(&socket);
    socket.middleware(async |_: Socket, event: Event| match &*event.name {
        "join" => Err("Authentication error"),
        "wrapped" => Ok(Event {
            name: "wrap".into(),
            ..event
        }),
        _ => Ok(event),
    });
    socket.on("join", async |_: Socket| true);
    socket.on("wrap", async |_: Socket, args: Args| args);
}

fn with_several_handlers(socket: Socket) {
    socket.once("greet", async |_: Socket, name: String| {
        format!("welcome, {name}")
    });
    socket.on("greet", async |_: Socket, name: String| {
        format!("hello again, {name}")
    });
    socket.on("forget me", async |socket: Socket| socket.off_all("greet"));
}

fn with_acknowledgements(socket: Socket) {
    let kept = Arc::new(Mutex::new(None::<Ack>));
    let keep = kept.clone();
    socket.on("later", async move |_: Socket, ack: Ack| {
        *keep.lock().unwrap_or_else(PoisonError::into_inner) = Some(ack);
    });
    socket.on("now", async move |_: Socket, answer: Binary| {
        let kept = kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        kept.map(|ack| ack.send(("at last", answer))).is_some()
    });
    socket.on("never", async |_: Socket, ack: Ack| drop(ack));
    socket.on("slow", async |_: Socket, milliseconds: u64, ack: Ack| {
        tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(milliseconds)).await;
            ack.send("slow");
        });
    });
    socket.on("fast", async |_: Socket| "fast");
    socket.on("photos", async |_: Socket, names: Vec<String>| {
        Args::build(|args| {
            for name in names {
                let photo = args.attach(name.to_uppercase());
                args.push(&json!({ "name": name, "photo": photo }))?;
            }
            Ok(())
        })
    });
}

fn with_listeners(socket: Socket) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let entry = move |log: &Mutex<Vec<String>>, entry: String| {
        log.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(entry);
    };
    let any = |who: &'static str| {
        let log = log.clone();
        async move |_: Socket, event: String, args: Args, ack: Ack| {
            entry(&log, format!("{who} {event} {}", args.json()));
            if event == "unknown" {
                ack.send((false, "no such event"));
            }
        }
    };
    socket.on_any_with_ack(any("second"));
    let copy = log.clone();
    socket.prepend_any(async move |_: Socket, event: String, _: Args| {
        entry(&copy, format!("first {event}"));
    });
    let outgoing = |who: &'static str| {
        let log = log.clone();
        move |event: &str, args: &Args| {
            let bytes = args.attachments().len();
            entry(&log, format!("{who} {event} {bytes}"));
        }
    };
    let second: HandlerId = socket.on_any_outgoing(outgoing("to you"));
    socket.prepend_any_outgoing(outgoing("first to you"));
    socket.on("stop", async move |socket: Socket| socket.off(second));
    socket.on("tell", async |socket: Socket| {
        socket.emit("one", ());
        socket.namespace().emit("all", Binary::from("bytes"));
    });
    let log = log.clone();
    socket.on("log", async move |_: Socket| {
        std::mem::take(&mut *log.lock().unwrap_or_else(PoisonError::into_inner))
    });
}

fn with_a_goodbye(socket: Socket) {
    socket.on("join", async |socket: Socket, room: String| {
        socket.join(room).is_ok()
    });
    socket.on_disconnecting(async |socket: Socket, reason| {
        for room in socket.rooms() {
            let name = room.to_string();
            socket.to(room).emit("left", (name, format!("{reason}")));
        }
    });
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let io = Io::default();
    io.of("/middleware", with_middleware);
    io.of("/several", with_several_handlers);
    io.of("/ack", with_acknowledgements);
    io.of("/listeners", with_listeners);
    io.of("/goodbye", with_a_goodbye);

    let listener = match TcpListener::bind(("127.0.0.1", options.port)).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("cannot listen on port {}: {error}", options.port);
            exit(2);
        }
    };
    println!("Listening on http://{}", listener.local_addr()?);
    engine_io::run(
        listener,
        io.filter(),
        ServeLimits::default(),
        std::future::pending(),
    )
    .await?;
    Ok(())
}
