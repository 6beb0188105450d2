//! The tour: Ann's server and Bob's server share a room, ask each other, lose each other
//! and find each other again.

use std::sync::Arc;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use cluster::bus::{Connection, Fate, MemoryBus, Passing};
use cluster::wire::redis_adapter::RedisAdapter;
use cluster::{ClusterConfig, adapters};
use socket_io::{AdapterError, Config, Io, Namespace, Socket, msgpack};
use terminal::{heading, next, remember, say};
use tokio::time::sleep;

use super::client::Client;

/// How long servers wait for each other's answers here.
const TIMEOUT: Duration = Duration::from_millis(500);
/// The column in which a message's content begins.
const CONTENT: usize = 6;

/// One of the two servers.
struct Server {
    io: Io,
    chat: Namespace,
    line: Connection,
}

// ANCHOR: server
/// A server of the cluster, on its connection to the bus.
fn server(line: Connection, name: &str) -> Server {
    let config = ClusterConfig {
        name: Some(name.into()),
        timeout: TIMEOUT,
        ..ClusterConfig::default()
    };
    let adapters = adapters(line.clone(), RedisAdapter::default(), config);
    let io = Io::new(Config {
        adapters,
        ..Config::default()
    });
    let chat = io.of("/chat", |socket: Socket| {
        socket.on("join", async |socket: Socket, room: String| {
            socket.join(room).is_ok()
        });
    });
    Server { io, chat, line }
}
// ANCHOR_END: server

/// Runs the whole tour.
pub(crate) fn run(pause: Duration) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start a runtime")?;
    runtime.block_on(tour(pause))
}

async fn tour(pause: Duration) -> Result<()> {
    let bus = MemoryBus::new();
    let one = server(bus.connect("one"), "one");
    let two = server(bus.connect("two"), "two");
    let mut ann = Client::connect("Ann", &one.io).await?;
    let mut bob = Client::connect("Bob", &two.io).await?;
    bus.watch(draw);

    heading("A broadcast: one room on two servers");
    say("  Ann is connected to server one, Bob to server two. Both joined the room tea.");
    sleep(pause).await;
    one.chat.to("tea").emit("news", "is it ready?");
    hears(&mut ann, "is it ready?", "from her own server, at once").await?;
    hears(
        &mut bob,
        "is it ready?",
        "from server two, which read it from the bus",
    )
    .await?;
    remember(
        "A server sends a broadcast to its own clients, and publishes the event once, \
         however many other servers there are.",
    );

    say("");
    heading("A question: who is in the room?");
    sleep(pause).await;
    let sockets = one.chat.to("tea").fetch_sockets().await?;
    found(sockets.len(), 2)?;
    remember(
        "The asker counts the servers first. So it knows how many answers to wait for, and \
         the id of the question tells it which they are.",
    );

    say("");
    heading("A server dies, with a question in its hands");
    sleep(pause).await;
    let dying = two.line.clone();
    bus.watch(move |passing| {
        let fate = draw(passing);
        if passing.channel.contains("-request#") {
            say!("{:CONTENT$}(server two loses its power)", "");
            dying.cut();
            return Fate::Lost;
        }
        fate
    });
    sleep(pause).await;
    match one.chat.fetch_sockets().await {
        Err(error @ AdapterError::Timeout { .. }) => {
            say!("  After {} ms: {error}", TIMEOUT.as_millis());
        }
        other => anyhow::bail!("a dead server answered: {other:?}"),
    }
    bus.watch(draw);
    say("  The next question:");
    let sockets = one.chat.fetch_sockets().await?;
    found(sockets.len(), 1)?;
    remember(
        "A server that dies is no longer counted, so nobody waits for it twice. But a \
         question that is out needs a deadline.",
    );

    say("");
    heading("The bus goes away and comes back");
    sleep(pause).await;
    two.line.mend();
    one.line.cut();
    say("  Server two is back, and now server one has lost the bus.");
    one.chat.to("tea").emit("news", "anybody there?");
    hears(
        &mut ann,
        "anybody there?",
        "her own server still serves her",
    )
    .await?;
    match one.chat.fetch_sockets().await {
        Err(error) => say!("  Who is in the room? {error}"),
        Ok(_) => anyhow::bail!("an answer without a bus"),
    }
    sleep(pause).await;
    one.line.mend();
    say("  Server one has found the bus again.");
    one.chat.to("tea").emit("news", "the tea is ready");
    hears(&mut ann, "the tea is ready", "").await?;
    hears(&mut bob, "the tea is ready", "and not \"anybody there?\"").await?;
    remember(
        "Without the bus, each server serves its own clients. What it says in that time is \
         lost to the others: the bus keeps nothing.",
    );
    next("chapter 12, \"The bus\"; then the exercise ex12_wire.");
    Ok(())
}

async fn hears(client: &mut Client, expected: &str, why: &str) -> Result<()> {
    let news = client.news().await?;
    let name = client.name;
    ensure!(
        news == expected,
        "{name} heard {news:?} instead of {expected:?}"
    );
    let style = Style::new().fg_color(Some(AnsiColor::Green.into()));
    let heard = format!("\"{news}\"");
    let line = format!("{heard:20} {why}");
    say!("  {name} hears {style}{}{style:#}", line.trim_end());
    Ok(())
}

fn found(count: usize, expected: usize) -> Result<()> {
    ensure!(count == expected, "{count} sockets, not {expected}");
    say!("  Server one finds {count} in the room.");
    Ok(())
}

// --- Messages on the bus ---

/// Prints a message as it passes.
fn draw(passing: &Passing) -> Fate {
    let style = Style::new().fg_color(Some(AnsiColor::Cyan.into()));
    let others = |name: &&Arc<str>| &***name != passing.from;
    let to: Vec<_> = passing
        .to
        .iter()
        .filter(others)
        .map(|name| &**name)
        .collect();
    let to = if to.is_empty() {
        "nobody".into()
    } else {
        to.join(", ")
    };
    say!(
        "  {} {style}──►{style:#} {to:8} {style}{}{style:#}",
        passing.from,
        passing.channel
    );
    let indent = format!("{:CONTENT$}", "");
    terminal::wrapped(&indent, CONTENT, &readable(passing.payload));
    Fate::Arrives
}

/// The content of a message as JSON, with spaces at which a line can break, and without
/// the headers of a client's request, which would fill the screen.
fn readable(payload: &Bytes) -> String {
    let json = if payload.starts_with(b"{") {
        String::from_utf8_lossy(payload).into_owned()
    } else {
        match msgpack::decode(payload.clone(), msgpack::Limits::default()) {
            Ok((json, _)) => json,
            Err(error) => return error.to_string(),
        }
    };
    let (mut text, mut quoted, mut hidden) = (String::new(), false, 0);
    for char in json.chars() {
        quoted ^= char == '"';
        if char == '{' && (hidden > 0 || text.ends_with("\"handshake\":")) {
            hidden += 1;
        }
        if hidden == 0 {
            text.push(char);
        }
        match char {
            ',' if hidden == 0 && !quoted => text.push(' '),
            '}' if hidden > 0 && !quoted => {
                hidden -= 1;
                if hidden == 0 {
                    text.push_str("{...}");
                }
            }
            _ => {}
        }
    }
    text
}
