//! Measures Socket.IO servers that speak the contract example's events, one after the
//! other in one run.
//!
//! Each server runs on one core and this client on another, and what counts is the
//! server's own CPU time, read from /proc, so that a slow client does not make a server
//! look slow. A round is a fresh server. Printed are medians over the rounds, and the
//! ratio to each of the servers.
//!
//! ```text
//! chat-app/interop/bench/compare OLD_CHECKOUT NEW_CHECKOUT
//! ```
//!
//! builds and measures two checkouts and socketioxide. By hand, and with Node:
//!
//! ```text
//! cargo build --profile release-lto -p lesson-10-socket-io --example contract
//! cd chat-app/interop/bench && npm install --prefix peers && cargo build --release
//! taskset -c 1 target/release/bench ../../../target/release-lto/examples/contract target/release/peer-socketioxide peers/node.cjs
//! ```

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;
use websocket::{Decoder, Event, Limits, OpCode, Role, encode_masked_frame};

#[derive(Parser)]
#[command(about = "Measures Socket.IO servers beside each other")]
struct Options {
    /// The servers: programs that take --port and print their address; a .cjs file is
    /// run by node.
    #[arg(required = true)]
    servers: Vec<String>,
    /// Fresh starts of each server.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Members of the room.
    #[arg(long, default_value_t = 1000)]
    room: usize,
    /// Messages sent to the room.
    #[arg(long, default_value_t = 1000)]
    messages: usize,
    /// Echoes of each of 64 connections.
    #[arg(long, default_value_t = 2000)]
    echoes: usize,
    /// Connections that do nothing, for the memory each costs.
    #[arg(long, default_value_t = 5000)]
    idle: usize,
    /// The core that the servers run on.
    #[arg(long, default_value_t = 0)]
    core: usize,
}

/// How long anything may take before the measurement gives up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Messages on their way to the room, and echoes on their way of each connection.
const IN_FLIGHT: usize = 8;
const TEXT: &str = "sixty-four bytes of text, as a person might type into a chat, ok";

struct Server {
    process: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(program: &str, core: usize) -> Result<Self> {
        let mut command = Command::new("taskset");
        command.args(["-c", &core.to_string()]);
        if program.ends_with(".cjs") {
            command.arg("node");
        }
        let mut process = command
            .args([program, "--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("no output")?)
            .read_line(&mut line)?;
        let address = line.trim().rsplit('/').next().unwrap_or_default();
        let address = address
            .parse()
            .with_context(|| format!("{program} said {line:?}"))?;
        Ok(Self { process, address })
    }

    /// CPU time spent so far, in seconds (proc_pid_stat(5), fields 14 and 15, in ticks of
    /// 10 ms).
    fn cpu(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let ticks = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        Ok(ticks / 100.0)
    }

    /// Resident memory, in bytes.
    fn memory(&self) -> Result<f64> {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0)
    }
}

/// A Socket.IO client, with no more of the protocol than the measurement needs.
struct Client {
    stream: TcpStream,
    decoder: Decoder,
    buffer: Vec<u8>,
}

impl Client {
    async fn connect(address: SocketAddr, namespace: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        ensure!(head.starts_with(b"HTTP/1.1 101"), "no upgrade");
        let limits = Limits {
            max_message: 1 << 20,
            max_fragments: 16,
        };
        let mut client = Self {
            stream,
            decoder: Decoder::new(Role::Client, limits),
            buffer: vec![0; 16384],
        };
        client.expect("0").await?;
        let connect = if namespace == "/" {
            "40".to_owned()
        } else {
            format!("40{namespace},")
        };
        client.send(&connect).await?;
        client.expect("40").await?;
        Ok(client)
    }

    async fn send(&mut self, packet: &str) -> Result<()> {
        Ok(self
            .stream
            .write_all(&encode_masked_frame(
                OpCode::Text,
                [1, 2, 3, 4],
                packet.as_bytes(),
            ))
            .await?)
    }

    /// Reads what is there and counts the packets of each kind; answers pings.
    async fn read(&mut self) -> Result<Heard> {
        let len = self.stream.read(&mut self.buffer).await?;
        ensure!(len > 0, "the server closed");
        let mut heard = Heard::default();
        let mut input = &mut self.buffer[..len];
        while let Some(event) = self.decoder.decode(&mut input)? {
            match event {
                Event::Text(text) if text == "2" => heard.pings += 1,
                Event::Text(text) if text.starts_with("43") => heard.acks += 1,
                Event::Text(text) if text.starts_with("42") => heard.events += 1,
                Event::Text(text) => heard.last = text.into_owned(),
                Event::Close(_) => bail!("the server closed"),
                _ => {}
            }
        }
        for _ in 0..heard.pings {
            self.send("3").await?;
        }
        Ok(heard)
    }

    async fn expect(&mut self, start: &str) -> Result<()> {
        loop {
            let heard = timeout(PATIENCE, self.read())
                .await
                .context("no answer")??;
            if heard.last.starts_with(start) || heard.acks > 0 && start == "43" {
                return Ok(());
            }
        }
    }
}

#[derive(Default)]
struct Heard {
    acks: usize,
    events: usize,
    pings: usize,
    last: String,
}

/// Many clients, opened a few at a time.
async fn clients(
    server: &Server,
    count: usize,
    namespace: &'static str,
) -> Result<Vec<Client>> {
    let mut clients = Vec::with_capacity(count);
    while clients.len() < count {
        let batch = (count - clients.len()).min(50);
        let address = server.address;
        let opening: Vec<_> = (0..batch)
            .map(|_| tokio::spawn(Client::connect(address, namespace)))
            .collect();
        for client in opening {
            clients.push(
                timeout(PATIENCE, client)
                    .await
                    .context("no connection")???,
            );
        }
    }
    Ok(clients)
}

/// What the sender in the room waits for.
#[derive(Clone, Copy, PartialEq)]
enum Pace {
    /// Its acknowledgements, with [`IN_FLIGHT`] messages out: several frames share a
    /// write to each member.
    Acknowledged,
    /// Until all members have the message, with one message out: one frame in each write.
    Delivered,
}

/// Deliveries per second of server CPU. Fails when a message is lost.
async fn broadcast(server: &Server, options: &Options, pace: Pace) -> Result<f64> {
    let mut members = clients(server, options.room, "/chat").await?;
    for member in &mut members {
        member.send(r#"42/chat,1["join","lobby"]"#).await?;
        member.expect("43").await?;
    }
    let mut sender = members.pop().context("an empty room")?;
    sender.send(r#"42/chat,1["nickname","Ada"]"#).await?;
    sender.expect("43").await?;
    let before = server.cpu()?;
    let messages = options.messages;
    let delivered = Arc::new((AtomicUsize::new(0), Notify::new()));
    let receivers: Vec<_> = members
        .into_iter()
        .map(|mut member| {
            let delivered = delivered.clone();
            tokio::spawn(async move {
                let mut events = 0;
                while events < messages {
                    let more = member.read().await?.events;
                    events += more;
                    delivered.0.fetch_add(more, Ordering::Relaxed);
                    delivered.1.notify_one();
                }
                anyhow::Ok(member)
            })
        })
        .collect();
    let packet = format!(r#"42/chat,2["user message","{TEXT}"]"#);
    let in_flight = if pace == Pace::Delivered {
        1
    } else {
        IN_FLIGHT
    };
    let (mut sent, mut acked) = (0, 0);
    while acked < messages {
        while sent < messages && sent - acked < in_flight {
            sender.send(&packet).await?;
            sent += 1;
        }
        acked += timeout(PATIENCE, sender.read())
            .await
            .context("no acknowledgement")??
            .acks;
        while pace == Pace::Delivered
            && delivered.0.load(Ordering::Relaxed) < receivers.len() * sent
        {
            timeout(PATIENCE, delivered.1.notified())
                .await
                .context("a message was lost")?;
        }
    }
    let deliveries = receivers.len() * messages;
    let mut kept = Vec::new();
    for receiver in receivers {
        kept.push(
            timeout(PATIENCE, receiver)
                .await
                .context("messages were lost")???,
        );
    }
    Ok(deliveries as f64 / (server.cpu()? - before))
}

/// Echoes per second of server CPU.
async fn echo(server: &Server, options: &Options) -> Result<f64> {
    let clients = clients(server, 64, "/").await?;
    let before = server.cpu()?;
    let echoes = options.echoes;
    let total = clients.len() * echoes;
    let running: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            tokio::spawn(async move {
                let packet = format!(r#"421["echo","{TEXT}"]"#);
                let (mut sent, mut acked) = (0, 0);
                while acked < echoes {
                    while sent < echoes && sent - acked < IN_FLIGHT {
                        client.send(&packet).await?;
                        sent += 1;
                    }
                    acked += client.read().await?.acks;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for client in running {
        timeout(PATIENCE, client).await.context("no echo")???;
    }
    Ok(total as f64 / (server.cpu()? - before))
}

/// Connections opened per second of server CPU, and resident bytes of each.
async fn idle(server: &Server, options: &Options) -> Result<(f64, f64)> {
    drop(clients(server, 50, "/chat").await?);
    let (cpu, memory) = (server.cpu()?, server.memory()?);
    let clients = clients(server, options.idle, "/chat").await?;
    let opened = clients.len() as f64;
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok((
        opened / (server.cpu()? - cpu),
        (server.memory()? - memory) / opened,
    ))
}

/// One round of one server: a value for each of the names in `main`.
async fn measure(program: &str, options: &Options) -> Result<[f64; 5]> {
    let start = || Server::start(program, options.core);
    let acknowledged = broadcast(&start()?, options, Pace::Acknowledged).await?;
    let delivered = broadcast(&start()?, options, Pace::Delivered).await?;
    let echoes = echo(&start()?, options).await?;
    let (opened, memory) = idle(&start()?, options).await?;
    Ok([acknowledged, delivered, echoes, opened, memory])
}

fn median(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (
        values[values.len() / 2],
        values[0],
        values[values.len() - 1],
    )
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    let names = [
        "deliveries per CPU second, the sender waits for acknowledgements",
        "deliveries per CPU second, the sender waits until all have it",
        "echoes per CPU second",
        "connections per CPU second",
        "bytes per idle connection",
    ];
    let mut results = vec![vec![Vec::new(); names.len()]; options.servers.len()];
    let start = Instant::now();
    for _ in 0..options.rounds {
        for (program, results) in options.servers.iter().zip(&mut results) {
            let values = measure(program, &options).await;
            let values = values.with_context(|| program.clone())?;
            for (results, value) in results.iter_mut().zip(values) {
                results.push(value);
            }
        }
    }
    println!(
        "{} rounds in {:.0} s; median (least to most), and the ratio to each server in turn",
        options.rounds,
        start.elapsed().as_secs_f64()
    );
    for (index, name) in names.iter().enumerate() {
        println!("\n{name}");
        let medians: Vec<_> = results
            .iter()
            .map(|it| median(it[index].clone()).0)
            .collect();
        for (program, results) in options.servers.iter().zip(&results) {
            let (middle, least, most) = median(results[index].clone());
            let program = program.rsplit('/').next().unwrap_or(program);
            let range = format!("({least:.0} to {most:.0})");
            print!("  {program:20} {middle:10.0}  {range:24}");
            for other in &medians {
                print!(" {:6.2}", middle / other);
            }
            println!();
        }
    }
    Ok(())
}
