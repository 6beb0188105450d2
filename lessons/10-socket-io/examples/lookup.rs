//! A server for client tests of what a program can look up: sockets by id, rooms, the
//! namespaces that a predicate has accepted, and who has answered. And orders that arrive
//! at least once and are booked exactly once.

use std::collections::HashMap;
use std::process::exit;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Parser;
use engine_io::{CloseReason, ServeLimits};
use serde_json::json;
use socket_io::{Config, ConnectError, Io, Namespace, Socket, SocketId};
use tokio::net::TcpListener;

#[derive(Parser)]
#[command(about = "A server for client tests, on /socket.io/")]
struct Options {
    /// Where to listen on 127.0.0.1; 0 for any free port.
    #[arg(long, default_value_t = 3000)]
    port: u16,
}

// ANCHOR: orders
/// The number of each order by its idempotency key: a text that the client makes up once
/// for each order, and sends again with it.
#[derive(Clone, Default)]
struct Orders(Arc<Mutex<HashMap<String, usize>>>);

impl Orders {
    /// Returns the order's number, and whether it is new.
    fn book(&self, key: String) -> (usize, bool) {
        let mut orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, before) = (orders.len() + 1, orders.len());
        let number = *orders.entry(key).or_insert(next);
        (number, orders.len() > before)
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
// ANCHOR_END: orders

/// Each order is booked, and its first acknowledgement is lost or late.
fn take_orders(socket: &Socket, orders: &Orders) {
    let book = orders.clone();
    socket.on("order, cut off", move |socket: Socket, key: String| {
        let (number, is_new) = book.book(key);
        if is_new {
            // As if the network had failed: the client does not hear the number.
            socket.session().close(CloseReason::Forced);
        }
        async move { number }
    });
    let book = orders.clone();
    socket.on("order, slowly", move |_: Socket, key: String| {
        let (number, is_new) = book.book(key);
        async move {
            if is_new {
                tokio::time::sleep(Duration::from_millis(700)).await;
            }
            number
        }
    });
    let orders = orders.clone();
    socket.on("orders", move |_: Socket| {
        let count = orders.count();
        async move { count }
    });
}

fn look_up(socket: &Socket) {
    socket.on(
        "whisper",
        async |socket: Socket, to: SocketId, text: String| {
            let found = socket.namespace().socket(&to).is_some();
            socket.to(to).emit("whisper", (socket.id(), text));
            found
        },
    );
    socket.on("join all", async |socket: Socket, rooms: Vec<String>| {
        socket.join_all(rooms).is_ok()
    });
    socket.on("leave all", async |socket: Socket| socket.leave_all());
    socket.on("rooms", async |socket: Socket| {
        let namespace = socket.namespace();
        let sizes = namespace.rooms().into_iter().map(|room| {
            let size = namespace.to(room.clone()).count();
            (room.to_string(), size.into())
        });
        serde_json::Value::Object(sizes.collect())
    });
    socket.on("ask", async |socket: Socket, room: String| {
        let everyone = socket.namespace().to(room).timeout(Duration::from_millis(500));
        let answers = everyone.emit_with_ack::<u32>("age?", ()).await;
        json!({
            "answered": answers.answered_by.iter().zip(&answers.received).collect::<Vec<_>>(),
            "missing": answers.missing_from,
        })
    });
    socket.on("connection", async |socket: Socket| {
        let address = socket.remote_addr().map(|address| address.ip().to_string());
        let (transport, url) = (socket.transport().name(), socket.handshake().url());
        json!({ "transport": transport, "url": url, "address": address })
    });
    socket.on_upgrade(async |socket: Socket| {
        socket.emit("moved", socket.transport().name());
    });
    socket.on("drop the connection", async |socket: Socket| {
        socket.session().close(CloseReason::Forced);
    });
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let io = Io::new(Config {
        ack_timeout: Duration::from_secs(5),
        ..Config::default()
    });
    let teams = io.of_dynamic_async(
        async |name: String, _auth| {
            tokio::time::sleep(Duration::from_millis(50)).await;
            name.starts_with("/team-")
        },
        |_| {},
    );
    teams.middleware(
        async |socket: Socket| match socket.auth()["token"].as_str() {
            Some("secret") => Ok(()),
            _ => Err(ConnectError::new("members only")),
        },
    );
    let orders = Orders::default();
    io.of("/", move |socket| {
        take_orders(&socket, &orders);
        look_up(&socket);
    });
    let server = io.clone();
    io.main().on_connection(move |socket| {
        let teams = teams.clone();
        socket.on("tell the teams", move |_: Socket, text: String| {
            teams.emit("announcement", text);
            let sizes = (teams.children().len(), teams.all().count());
            async move { sizes }
        });
        let server = server.clone();
        socket.on("namespaces", move |_: Socket| {
            let all = server.namespaces();
            let names: Vec<_> =
                all.iter().map(Namespace::name).map(str::to_owned).collect();
            async move { names }
        });
    });

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
