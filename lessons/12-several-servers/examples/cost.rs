//! Measures the cost of a room on several servers: deliveries for each second of the
//! servers' CPU time, and the time until a message reaches a client of the other server.
//!
//! ```sh
//! redis-server --port 6379 --save "" &
//! cargo run --release -p lesson-12-several-servers --features redis --example cost
//! ```
//!
//! All servers share one thread, and all clients another one, so the CPU time of the first
//! is that of the servers alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use cluster::bus::{Bus, MemoryBus, RedisBus, RedisConfig};
use cluster::wire::redis_adapter::RedisAdapter;
use cluster::{ClusterConfig, adapters};
use engine_io::Handshake;
use futures_util::{SinkExt, StreamExt};
use rustix::time::{ClockId, clock_gettime};
use socket_io::{Adapters, Config, Io, Namespace, Socket};
use tokio::io::{DuplexStream, duplex};
use tokio::runtime::{Builder, Handle};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

#[derive(Clone, Parser)]
#[command(about = "Measures what a room on several servers costs")]
struct Options {
    /// The address of Redis.
    #[arg(long, default_value = "redis://127.0.0.1:6379")]
    redis: String,
    /// Clients in the room, spread over the servers.
    #[arg(long, default_value_t = 200)]
    people: usize,
    /// Messages to the room.
    #[arg(long, default_value_t = 2_000)]
    messages: usize,
    /// How often each arrangement is measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// Messages on their way at once: few enough that no client is dropped as too slow.
const BATCH: usize = 10;
const PATIENCE: Duration = Duration::from_secs(60);
const TEXT: &str = "the tea is ready, and there is cake in the kitchen for everybody";

#[derive(Clone, Copy)]
enum Between {
    Nothing,
    Memory,
    Redis,
}

const ARRANGEMENTS: [(Between, &str); 3] = [
    (Between::Nothing, "one server"),
    (Between::Memory, "two, bus in memory"),
    (Between::Redis, "two, Redis"),
];

/// The results of one round of an arrangement.
struct Measured {
    deliveries_per_second: f64,
    /// The CPU time of Redis, as a part of that of the servers.
    redis_share: f64,
    latencies: Vec<Duration>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    ensure!(
        options.people >= 2 && options.rounds > 0,
        "too few to measure"
    );
    let servers = Builder::new_current_thread().enable_all().build()?;
    let handle = servers.handle().clone();
    std::thread::spawn(move || servers.block_on(std::future::pending::<()>()));
    let clients = Builder::new_current_thread().enable_all().build()?;
    clients.block_on(measure(&options, &handle))
}

async fn measure(options: &Options, servers: &Handle) -> Result<()> {
    let mut rounds: [Vec<Measured>; 3] = Default::default();
    // In turn, so that a busy moment of the machine meets all of them.
    for _ in 0..options.rounds {
        for ((between, _), rounds) in ARRANGEMENTS.iter().zip(&mut rounds) {
            rounds.push(round(options, servers, *between).await?);
        }
    }
    println!(
        "{:20} {:>18} {:>22} {:>8} {:>8}",
        "", "deliveries/CPU s", "(least to most)", "p50", "p99"
    );
    for ((_, name), rounds) in ARRANGEMENTS.iter().zip(&rounds) {
        let mut rates: Vec<_> =
            rounds.iter().map(|it| it.deliveries_per_second).collect();
        rates.sort_by(f64::total_cmp);
        let mut times: Vec<_> = rounds.iter().flat_map(|it| &it.latencies).collect();
        times.sort();
        let at = |part: usize| times[(times.len() - 1) * part / 100].as_micros();
        let spread = format!("({:.0} to {:.0})", rates[0], rates[rates.len() - 1]);
        let median = rates[rates.len() / 2];
        println!(
            "{name:20} {median:>18.0} {spread:>22} {:>5} µs {:>5} µs",
            at(50),
            at(99)
        );
    }
    let mut shares: Vec<_> = rounds[2].iter().map(|it| it.redis_share).collect();
    shares.sort_by(f64::total_cmp);
    let share = shares[shares.len() / 2];
    println!("Redis itself: {share:.2} s for each second of the servers.");
    Ok(())
}

async fn round(
    options: &Options,
    servers: &Handle,
    between: Between,
) -> Result<Measured> {
    let list = on(servers, start(between, options.redis.clone())).await??;
    let seen = Arc::new(Seen::default());
    let mut readers = JoinSet::new();
    let mut pair = Vec::new();
    for number in 0..options.people {
        let (io, _) = &list[number % list.len()];
        let mut client = Client::connect(servers, io, "tea").await?;
        let seen = seen.clone();
        readers.spawn(async move {
            while client.news().await.is_ok() {
                seen.one();
            }
        });
    }
    for (io, _) in list.iter().chain(&list).take(2) {
        pair.push(Client::connect(servers, io, "pair").await?);
    }

    let chat = list[0].1.clone();
    let redis = redis_cpu(between, &options.redis).await?;
    let cpu = on(servers, async { thread_cpu() }).await?;
    let (batches, people) = (options.messages / BATCH, options.people);
    let sending = send(chat.clone(), seen.clone(), batches, people);
    timeout(PATIENCE, on(servers, sending))
        .await
        .context("not every message arrived")??;
    let cpu = on(servers, async { thread_cpu() }).await? - cpu;
    let redis = redis_cpu(between, &options.redis).await? - redis;

    let latencies = latencies(servers, &chat, pair, options.messages).await?;
    readers.abort_all();
    for (io, _) in list {
        on(servers, async move { io.shutdown(Duration::ZERO).await }).await?;
    }
    let deliveries = f64::from(u32::try_from(batches * BATCH * people)?);
    Ok(Measured {
        deliveries_per_second: deliveries / cpu.as_secs_f64(),
        redis_share: redis.as_secs_f64() / cpu.as_secs_f64(),
        latencies,
    })
}

/// Runs something on the servers' thread.
async fn on<T: Send + 'static>(
    servers: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T> {
    Ok(servers.spawn(work).await?)
}

async fn start(between: Between, redis: String) -> Result<Vec<(Io, Namespace)>> {
    let memory = MemoryBus::new();
    let mut list = Vec::new();
    for name in ["one", "two"] {
        let adapters = match between {
            Between::Nothing => Adapters::default(),
            Between::Memory => clustered(memory.connect(name)),
            Between::Redis => {
                let bus = RedisBus::open(&redis, RedisConfig::default())?;
                bus.ready(Duration::from_secs(5)).await?;
                clustered(bus)
            }
        };
        let io = Io::new(Config {
            adapters,
            ..Config::default()
        });
        let chat = io.of("/chat", |socket: Socket| {
            socket.on("join", async |socket: Socket, room: String| {
                socket.join(room).is_ok()
            });
        });
        list.push((io, chat));
        if matches!(between, Between::Nothing) {
            return Ok(list);
        }
    }
    // Each server counts two when both have subscribed.
    let chat = list[0].1.clone();
    let both = async { while chat.server_count().await != Ok(2) {} };
    timeout(PATIENCE, both)
        .await
        .context("the servers do not see each other")?;
    Ok(list)
}

fn clustered(bus: impl Bus) -> Adapters {
    adapters(bus, RedisAdapter::default(), ClusterConfig::default())
}

/// Sends batch after batch; each waits until all clients have the previous one.
async fn send(chat: Namespace, seen: Arc<Seen>, batches: usize, people: usize) {
    for batch in 1..=batches {
        for _ in 0..BATCH {
            chat.to("tea").emit("news", TEXT);
        }
        seen.until((batch * BATCH * people) as u64).await;
    }
}

/// The times from `emit` until the client of the other server has each message.
async fn latencies(
    servers: &Handle,
    chat: &Namespace,
    pair: Vec<Client>,
    count: usize,
) -> Result<Vec<Duration>> {
    let (go, mut gone) = mpsc::channel::<()>(1);
    let (sent, mut times) = mpsc::channel(1);
    let chat = chat.clone();
    // It ends when `go` is dropped.
    servers.spawn(async move {
        while gone.recv().await.is_some() {
            let now = Instant::now();
            chat.to("pair").emit("news", TEXT);
            if sent.send(now).await.is_err() {
                return;
            }
        }
    });
    let mut latencies = Vec::with_capacity(count);
    let [mut here, mut there] = <[Client; 2]>::try_from(pair).ok().context("no pair")?;
    for _ in 0..count {
        go.send(()).await?;
        there.news().await?;
        let arrived = Instant::now();
        here.news().await?;
        let sent = times.recv().await.context("no more messages")?;
        latencies.push(arrived - sent);
    }
    Ok(latencies)
}

/// How many messages all clients together have received.
#[derive(Default)]
struct Seen {
    count: AtomicU64,
    target: AtomicU64,
    reached: Notify,
}

impl Seen {
    fn one(&self) {
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        if count == self.target.load(Ordering::SeqCst) {
            self.reached.notify_one();
        }
    }

    async fn until(&self, target: u64) {
        self.target.store(target, Ordering::SeqCst);
        while self.count.load(Ordering::SeqCst) < target {
            self.reached.notified().await;
        }
    }
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // CPU time is never negative.
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// The CPU time that Redis has used since it started.
async fn redis_cpu(between: Between, url: &str) -> Result<Duration> {
    if !matches!(between, Between::Redis) {
        return Ok(Duration::ZERO);
    }
    let client = redis::Client::open(url)?;
    let mut line = client.get_multiplexed_async_connection().await?;
    let info: String = redis::cmd("INFO").arg("cpu").query_async(&mut line).await?;
    let value = |name: &str| -> Result<f64> {
        let line = info.lines().find_map(|line| line.strip_prefix(name));
        Ok(line
            .context("a line is missing from the answer to INFO cpu")?
            .parse()?)
    };
    Ok(Duration::from_secs_f64(
        value("used_cpu_sys:")? + value("used_cpu_user:")?,
    ))
}

/// A client in `/chat` and in one room, over a pipe in memory.
struct Client(WebSocketStream<DuplexStream>);

impl Client {
    async fn connect(servers: &Handle, io: &Io, room: &str) -> Result<Self> {
        let (ours, theirs) = duplex(64 << 10);
        let server = io.engine().clone();
        let request = Handshake::new("EIO=4&transport=websocket", []);
        // It ends with our end of the pipe.
        servers.spawn(async move { server.carry(theirs, request).await });
        let mut client =
            Self(WebSocketStream::from_raw_socket(ours, Role::Client, None).await);
        client.message().await?;
        for (packet, answer) in [
            ("40/chat,".to_owned(), "40/chat,"),
            (format!(r#"42/chat,0["join","{room}"]"#), "43/chat,0[true]"),
        ] {
            client.0.send(Message::text(packet)).await?;
            let message = client.message().await?;
            ensure!(
                message.starts_with(answer),
                "{message:?} does not begin with {answer:?}"
            );
        }
        Ok(client)
    }

    async fn news(&mut self) -> Result<()> {
        let message = self.message().await?;
        ensure!(
            message.starts_with("42/chat,"),
            "{message:?} is not an event"
        );
        Ok(())
    }

    /// The next message, without heartbeats.
    async fn message(&mut self) -> Result<String> {
        loop {
            match timeout(PATIENCE, self.0.next()).await?.transpose()? {
                Some(Message::Text(text)) if text.as_str() == "2" => {
                    self.0.send(Message::text("3")).await?;
                }
                Some(Message::Text(text)) => return Ok(text.as_str().to_owned()),
                other => bail!("a client received {other:?}"),
            }
        }
    }
}
