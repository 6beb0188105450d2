//! Chapter 12's lab: two servers of one cluster with a bus between them. The page can kill
//! either server and take the bus away, and it sees each message that passes.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use cluster::bus::{Connection, Fate, MemoryBus, Passing};
use cluster::wire::redis_adapter::RedisAdapter;
use cluster::{ClusterConfig, adapters};
use engine_io::{Cors, ServeLimits};
use serde_json::{Value, json};
use socket_io::{Config, Io, Limits, Socket, msgpack};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::page::Page;
use super::tunnel;

const NAMES: [&str; 2] = ["one", "two"];
const ROOM: &str = "tea";
/// How long a server waits for the answers of the other one.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The largest payload of a client, in bytes: the page is told all that is said.
const MAX_PAYLOAD: usize = 4096;

/// Serves one page: reports where the servers are, then kills and starts them, and takes
/// the bus away, as the page asks.
///
/// # Errors
/// Returns an error if no port is free.
pub(crate) async fn lab(mut page: Page) -> io::Result<()> {
    let bus = MemoryBus::new();
    let teller = page.teller();
    bus.watch(move |passing| {
        teller.tell(drawn(passing));
        Fate::Arrives
    });
    let mut away = false;
    let mut nodes = [
        Some(Node::start(0, &bus, &page).await?),
        Some(Node::start(1, &bus, &page).await?),
    ];
    loop {
        let wish = page.wish().await;
        let (what, which) = wish.split_once(' ').unwrap_or_default();
        match what {
            "bus" => {
                away = which == "away";
                for node in nodes.iter().flatten() {
                    node.plug(!away);
                }
                page.tell(json!({ "bus": !away }));
            }
            "kill" | "start" => {
                let Some(number) = NAMES.iter().position(|name| *name == which) else {
                    continue;
                };
                if what == "kill" {
                    if let Some(node) = nodes[number].take() {
                        // Before the process: whatever is still running in it is not
                        // heard of.
                        node.plug(false);
                        drop(node);
                    }
                    page.tell(json!({ "server": which, "at": null }));
                } else if nodes[number].is_none() {
                    let node = Node::start(number, &bus, &page).await?;
                    node.plug(!away);
                    nodes[number] = Some(node);
                }
            }
            _ => {}
        }
    }
}

/// A server of the cluster. It dies when this is dropped, and its connections with it.
struct Node {
    line: Connection,
    _running: JoinSet<io::Result<()>>,
}

impl Node {
    async fn start(number: usize, bus: &MemoryBus, page: &Page) -> io::Result<Self> {
        let bind = async || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let (entrance, listener) = (bind().await?, bind().await?);
        let (at, to) = (entrance.local_addr()?, listener.local_addr()?);
        let line = bus.connect(NAMES[number]);
        let io = server(NAMES[number], line.clone(), &page.origin);
        let mut running = JoinSet::new();
        running.spawn(async move {
            engine_io::run(
                listener,
                io.filter(),
                ServeLimits::default(),
                std::future::pending(),
            )
            .await
        });
        // A connection that has become a WebSocket would outlive its server by a moment;
        // none outlives the entrance.
        running.spawn(async move {
            let (_switch, open) = watch::channel(true);
            tunnel::carry(entrance, to, open).await
        });
        page.tell(json!({
            "server": NAMES[number], "at": format!("http://{at}/socket.io/")
        }));
        Ok(Self {
            line,
            _running: running,
        })
    }

    /// Connects the server with the bus, or takes it off.
    fn plug(&self, connected: bool) {
        if connected {
            self.line.mend();
        } else {
            self.line.cut();
        }
    }
}

fn server(name: &str, line: Connection, origin: &str) -> Io {
    let cluster = ClusterConfig {
        name: Some(name.into()),
        timeout: TIMEOUT,
        ..ClusterConfig::default()
    };
    let mut config = Config {
        adapters: adapters(line, RedisAdapter::default(), cluster),
        limits: Limits {
            max_rooms: 2,
            ..Limits::default()
        },
        ..Config::default()
    };
    config.engine.cors = Cors::Origins(vec![origin.to_owned()]);
    config.engine.max_payload = MAX_PAYLOAD;
    let io = Io::new(config);
    io.of("/chat", |socket: Socket| {
        socket.on("join", async |socket: Socket, name: String| {
            socket.data().share(&name).is_ok() && socket.join(ROOM).is_ok()
        });
        socket.on("say", async |socket: Socket, text: String| {
            let name = socket.data().shared();
            socket.namespace().to(ROOM).emit("said", (name, text));
            true
        });
        socket.on("who", async |socket: Socket| {
            match socket.namespace().to(ROOM).fetch_sockets().await {
                Ok(sockets) => {
                    let names = sockets.iter().map(|it| it.data().clone()).collect();
                    (true, Value::Array(names))
                }
                Err(error) => (false, error.to_string().into()),
            }
        });
    });
    io
}

/// Describes a message on the bus to the page.
fn drawn(passing: &Passing) -> Value {
    let to: Vec<_> = passing
        .to
        .iter()
        .map(|name| &**name)
        .filter(|name| *name != passing.from)
        .collect();
    json!({ "passing": {
        "from": passing.from, "to": to, "channel": passing.channel,
        "bytes": passing.payload.len(), "content": content(passing),
    } })
}

/// The content of a message as JSON, without the headers of the clients' requests.
fn content(passing: &Passing) -> Value {
    let mut content = if passing.payload.starts_with(b"{") {
        serde_json::from_slice(passing.payload).unwrap_or_default()
    } else {
        let decoded =
            msgpack::decode(passing.payload.clone(), msgpack::Limits::default());
        decoded.map_or(Value::Null, |(json, _)| {
            serde_json::from_str(&json).unwrap_or_default()
        })
    };
    if let Some(Value::Array(sockets)) = content.get_mut("sockets") {
        for socket in sockets {
            if let Some(handshake) = socket.get_mut("handshake") {
                *handshake = "…".into();
            }
        }
    }
    content
}

#[cfg(test)]
mod tests {
    use serde_json::from_str;
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpStream;
    use tokio::sync::mpsc;
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    async fn next(told: &mut mpsc::Receiver<Value>) -> Value {
        timeout(PATIENCE, told.recv()).await.unwrap().unwrap()
    }

    fn address(told: &Value) -> &str {
        let url = told["at"].as_str().unwrap();
        let rest = url.strip_prefix("http://").unwrap();
        rest.strip_suffix("/socket.io/").unwrap()
    }

    #[tokio::test]
    async fn a_server_that_is_killed_is_gone_until_it_is_started() {
        let (page, mut told, wish) = Page::new("http://127.0.0.1:3000".into());
        let running = tokio::spawn(lab(page));
        let one = next(&mut told).await;
        let two = next(&mut told).await;
        assert_eq!(
            (&one["server"], &two["server"]),
            (&json!("one"), &json!("two"))
        );
        let mut open = TcpStream::connect(address(&one)).await.unwrap();

        wish.send("kill one".into()).await.unwrap();
        let dead = json!({ "server": "one", "at": null });
        assert_eq!(next(&mut told).await, dead);
        let end = timeout(PATIENCE, open.read(&mut [0])).await.unwrap();
        let ended = matches!(end, Ok(0) | Err(_));
        assert!(ended, "a connection outlives its server");
        assert!(TcpStream::connect(address(&one)).await.is_err());
        TcpStream::connect(address(&two)).await.unwrap();

        for useless in ["start two", "start three", "start", ""] {
            wish.send(useless.into()).await.unwrap();
        }
        wish.send("start one".into()).await.unwrap();
        let again = next(&mut told).await;
        assert_eq!(again["server"], "one");
        TcpStream::connect(address(&again)).await.unwrap();
        running.abort();
    }

    #[test]
    fn a_message_is_shown_without_the_headers_of_a_client() {
        let shown = |payload: &[u8]| {
            content(&Passing {
                from: "one",
                to: &["two".into()],
                channel: "socket.io-response#/chat#",
                payload: &payload.to_vec().into(),
            })
        };
        let answer =
            br#"{"requestId":"7","sockets":[{"id":"a","handshake":{"headers":{}}}]}"#;
        let wanted = r#"{"requestId":"7","sockets":[{"id":"a","handshake":"…"}]}"#;
        assert_eq!(shown(answer), from_str::<Value>(wanted).unwrap());
        assert_eq!(shown(b"\x92\xa3one\x07"), json!(["one", 7]));
        assert_eq!(shown(b"{half"), Value::Null);
    }
}
