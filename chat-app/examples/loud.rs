//! Measures what one loud client costs the others: healthy clients alone and beside loud
//! ones, on any build of the chat.
//!
//! ```sh
//! cargo build --release -p chat-app --example loud --bin chat-app
//! target/release/examples/loud target/release/chat-app
//! ```
//!
//! Ten healthy people say something twice a second, and each time wait for the
//! acknowledgement, which means that the message is on the disk. How many bytes each of
//! them is sent meanwhile is the other half of the cost: a phone has to receive them, and
//! a person to read them. The loud clients are in
//! another process and at another address, 127.0.0.2. They are *open-loop*: they
//! send at their rate whether or not anything is answered. Each case starts a fresh
//! server with the flags that it has by default.

use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// The healthy people.
const PEOPLE: usize = 10;
/// How often each of them says something: less than a person may.
const EVERY: Duration = Duration::from_millis(500);
/// After so long, a healthy client gives up on an acknowledgement.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a loud client sends its share.
const TICK: Duration = Duration::from_millis(10);

#[derive(Parser)]
#[command(about = "Measures what one loud client costs the others")]
struct Args {
    /// Programs to measure: builds of the chat
    #[arg(required = true)]
    servers: Vec<PathBuf>,
    /// How long to measure each case, in seconds; at most 25, because a person may say so
    /// much and no more
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=25))]
    seconds: u64,
    /// How many events the loud clients send in a second, all of them together
    #[arg(long, default_value_t = 20_000)]
    rate: usize,
    /// Be the loud clients of this case
    #[arg(long, hide = true, requires = "port")]
    only: Option<Case>,
    #[arg(long, hide = true)]
    port: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Case {
    /// No loud client.
    Alone,
    /// Four flood the room with messages.
    Messages,
    /// Four take a new nickname all the time.
    Renames,
    /// Two hundred come into the room and leave it, each once a second.
    Joins,
    /// Fifty talk and never read.
    Deaf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    if let (Some(case), Some(port)) = (args.only, args.port) {
        be_loud(case, port, args.rate).await;
        return Ok(());
    }
    println!("case      p50 ms   p99 ms   max ms  answered  lost   KB/s  server");
    for case in Case::value_variants() {
        for server in &args.servers {
            measure(*case, server, &args).await?;
        }
    }
    Ok(())
}

/// A program that is killed when this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn measure(case: Case, server: &Path, args: &Args) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut program = Command::new(server)
        .args(["--port", "0", "--log", "off", "--database"])
        .arg(folder.path().join("chat.db"))
        .stdout(Stdio::piped())
        .spawn()
        .map(Running)
        .with_context(|| format!("cannot start {}", server.display()))?;
    let stdout = program.0.stdout.take().context("no output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let (_, port) = line.trim().rsplit_once(':').context("no address")?;
    let port = port.parse()?;

    let mut people = Vec::new();
    for number in 0..PEOPLE {
        people.push(Healthy::seated(port, number).await?);
    }
    let loud = Command::new(std::env::current_exe()?)
        .arg(server)
        .args(["--only", &format!("{case:?}").to_lowercase()])
        .args([
            "--port",
            &port.to_string(),
            "--rate",
            &args.rate.to_string(),
        ])
        .spawn()
        .map(Running)?;
    sleep(Duration::from_secs(2)).await;

    let mut tasks = JoinSet::new();
    let end = Instant::now() + Duration::from_secs(args.seconds);
    let seconds = usize::try_from(args.seconds)?;
    for (number, mut person) in people.into_iter().enumerate() {
        tasks.spawn(async move {
            // Not all of them at the same moment.
            sleep(EVERY * u32::try_from(number).unwrap_or(0) / 10).await;
            person.talk(end).await;
            person
        });
    }
    let (mut times, mut lost, mut bytes) = (Vec::new(), 0, 0);
    while let Some(person) = tasks.join_next().await {
        let person = person?;
        times.extend(person.times);
        lost += person.lost;
        bytes += person.bytes;
    }
    drop(loud);
    times.sort_unstable();
    let at = |percent: usize| {
        let index = (times.len() * percent).div_ceil(100).saturating_sub(1);
        times
            .get(index)
            .map_or(f64::NAN, |it| it.as_secs_f64() * 1000.0)
    };
    println!(
        "{:<8} {:>7.1}  {:>7.1}  {:>7.1}  {:>8}  {lost:>4}  {:>5}  {}",
        format!("{case:?}").to_lowercase(),
        at(50),
        at(99),
        at(100),
        times.len(),
        bytes / PEOPLE / 1000 / seconds,
        server.display(),
    );
    Ok(())
}

type Connection = WebSocketStream<TcpStream>;

/// Connects to the namespace, from this address.
async fn connect(from: Ipv4Addr, port: u16) -> Result<Connection> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(IpAddr::V4(from), 0))?;
    let server = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
    let stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    let url = format!("ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket");
    let (mut connection, _) = client_async(url, stream).await?;
    connection.send(Message::text("40/chat,{}")).await?;
    Ok(connection)
}

async fn join(connection: &mut Connection, name: &str) -> Result<()> {
    for packet in [
        r#"42/chat,["join","lobby"]"#.to_owned(),
        format!(r#"42/chat,["nickname","{name}"]"#),
    ] {
        connection.send(Message::text(packet)).await?;
    }
    Ok(())
}

/// A person who talks, and waits for each acknowledgement.
struct Healthy {
    connection: Connection,
    port: u16,
    number: usize,
    calls: usize,
    times: Vec<Duration>,
    /// Messages without an acknowledgement, or refused.
    lost: usize,
    /// How much was sent to this person.
    bytes: usize,
}

impl Healthy {
    async fn seated(port: u16, number: usize) -> Result<Self> {
        let mut connection = connect(Ipv4Addr::LOCALHOST, port).await?;
        join(&mut connection, &format!("healthy {number}")).await?;
        Ok(Self {
            connection,
            port,
            number,
            calls: 0,
            times: Vec::new(),
            lost: 0,
            bytes: 0,
        })
    }

    async fn talk(&mut self, end: Instant) {
        while Instant::now() < end {
            let start = Instant::now();
            match timeout(PATIENCE, self.say()).await {
                Ok(Ok(true)) => self.times.push(start.elapsed()),
                Ok(Ok(false)) => self.lost += 1,
                // No answer, or no connection: the page of a person would start again.
                Ok(Err(_)) | Err(_) => {
                    self.lost += 1;
                    if let Ok(Ok(new)) =
                        timeout(PATIENCE, Self::seated(self.port, self.number)).await
                    {
                        self.connection = new.connection;
                    }
                }
            }
            // Until the next message, read the others'.
            let rest = EVERY.saturating_sub(start.elapsed());
            let _ = timeout(rest, async { while self.receive().await.is_ok() {} }).await;
        }
    }

    /// Says something. Returns whether that was stored.
    async fn say(&mut self) -> Result<bool> {
        let id = self.calls;
        self.calls += 1;
        let packet = format!(r#"42/chat,{id}["user message","message {id}"]"#);
        self.connection.send(Message::text(packet)).await?;
        let answer = format!("43/chat,{id}[");
        loop {
            if let Message::Text(packet) = self.receive().await?
                && let Some(answer) = packet.strip_prefix(&answer)
            {
                return Ok(answer.starts_with("true"));
            }
        }
    }

    async fn receive(&mut self) -> Result<Message> {
        let packet = self.connection.next().await;
        let packet = packet.context("the connection has ended")??;
        self.bytes += packet.len();
        Ok(packet)
    }
}

/// The loud clients of a case, until this process is killed.
async fn be_loud(case: Case, port: u16, rate: usize) {
    let count = match case {
        Case::Alone => return,
        Case::Messages | Case::Renames => 4,
        Case::Joins => 200,
        Case::Deaf => 50,
    };
    let mut tasks = JoinSet::new();
    for number in 0..count {
        tasks.spawn(async move {
            loop {
                // Whatever the server does to this client, it comes back.
                let _ = match case {
                    Case::Joins => come_and_go(port, number).await,
                    _ => flood(case, port, number, rate / count).await,
                };
                sleep(Duration::from_millis(200)).await;
            }
        });
    }
    tasks.join_all().await;
}

/// Sends `rate` events a second.
async fn flood(case: Case, port: u16, number: usize, rate: usize) -> Result<()> {
    let mut connection = connect(Ipv4Addr::new(127, 0, 0, 2), port).await?;
    join(&mut connection, &format!("loud {number}")).await?;
    let (mut sending, mut receiving) = connection.split();
    let mut sent = 0_usize;
    let start = Instant::now();
    let send = async {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let due = start.elapsed().as_millis() as usize * rate / 1000;
            while sent < due {
                let packet = match case {
                    Case::Renames => {
                        format!(r#"42/chat,["nickname","loud {number} {sent}"]"#)
                    }
                    _ => format!(
                        r#"42/chat,{sent}["user message","loud {number} {sent}"]"#
                    ),
                };
                sending.feed(Message::text(packet)).await?;
                sent += 1;
            }
            sending.flush().await?;
        }
    };
    let receive = async {
        if case == Case::Deaf {
            std::future::pending::<()>().await;
        }
        while let Some(Ok(_)) = receiving.next().await {}
    };
    tokio::select! {
        result = send => result,
        () = receive => Ok(()),
    }
}

/// Comes into the room, sits there for a second, and leaves.
async fn come_and_go(port: u16, number: usize) -> Result<()> {
    let mut connection = connect(Ipv4Addr::new(127, 0, 0, 2), port).await?;
    join(&mut connection, &format!("passer {number}")).await?;
    let read = async { while let Some(Ok(_)) = connection.next().await {} };
    let _ = timeout(Duration::from_millis(800), read).await;
    connection.send(Message::text("41/chat,")).await?;
    connection.close(None).await?;
    Ok(())
}
