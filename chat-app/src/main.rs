//! The chat as a program: `cargo run -p chat-app`, then open the address that it prints.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use chat_app::cluster::Meeting;
#[cfg(feature = "cluster")]
use chat_app::cluster::RedisConfig;
use chat_app::limits::Limits;
use chat_app::log::Log;
use chat_app::store::{Keep, Store};
use chat_app::{Chat, Options, doctor, memory, ops};
use clap::{Parser, ValueEnum};
use engine_io::{ServeLimits, Transports};
use tokio::net::{TcpListener, TcpSocket, lookup_host};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::filter::LevelFilter;

/// How long the last packets may take to reach the clients at the end.
const GRACE: Duration = Duration::from_secs(5);
/// How many connections the kernel keeps until they are accepted: a server that comes
/// back is greeted by all of its clients at once.
const BACKLOG: u32 = 1024;
/// The talk's port.
const USUAL_PORT: u16 = 5000;
/// How long to wait for a program that should read our output.
const PATIENCE: Duration = Duration::from_secs(1);

/// A chat with rooms that runs in the browser
#[derive(Parser)]
#[command(version, about, max_term_width = 90)]
struct Args {
    /// Address to listen on; 0.0.0.0 or :: lets other machines in
    #[arg(long, default_value = "127.0.0.1")]
    bind: String,
    /// Port to listen on; 0 takes a free one [default: 5000, or a free one if it is taken]
    #[arg(long)]
    port: Option<u16>,
    /// Where rooms and messages are kept: a file, :memory: to forget them at the end, or
    /// `postgres://USER:PASSWORD@HOST/NAME` for several servers
    #[arg(
        long,
        value_name = "FILE or URL",
        default_value = "chat.db",
        env = "CHAT_DATABASE",
        hide_env_values = true
    )]
    database: PathBuf,
    /// Where several servers of one chat meet, such as `redis://10.0.0.5`: they then share
    /// rooms, nicknames and limits
    #[arg(long, value_name = "URL", env = "CHAT_REDIS", hide_env_values = true)]
    redis: Option<String>,
    /// How many messages of a room to keep; 0 keeps all
    #[arg(long, value_name = "COUNT", default_value_t = 100_000)]
    keep_messages: u32,
    /// How many days to keep messages; 0 keeps them forever
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    keep_days: u32,
    /// A Socket.IO client script to serve instead of the built-in one
    #[arg(long, value_name = "FILE")]
    client: Option<PathBuf>,
    /// The transports that clients may use
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "polling,websocket"
    )]
    transports: Vec<Transport>,
    /// The address of the chat as browsers see it, such as `https://chat.example`; can be
    /// given several times, and the first is the one for previews of links
    #[arg(long, value_name = "URL")]
    origin: Vec<Origin>,
    /// How many proxies stand in front, whose X-Forwarded-For is believed
    #[arg(
        long,
        value_name = "COUNT",
        default_value_t = 0,
        default_missing_value = "1",
        num_args = 0..=1
    )]
    trust_proxy: usize,
    /// Lets clients of Socket.IO 0.9, 1 and 2 in
    #[arg(long)]
    heritage: bool,
    /// The client script of Socket.IO 0.9 (socket.io-client 0.9.17 on npm), for the page
    /// of the talk under /2013; implies --heritage
    #[arg(long, value_name = "FILE")]
    heritage_client: Option<PathBuf>,
    /// Opens /admin to those who know this, 16 or more characters; /metrics then asks for
    /// it too
    #[arg(
        long,
        value_name = "TOKEN",
        env = "CHAT_ADMIN_TOKEN",
        hide_env_values = true
    )]
    admin_token: Option<Token>,
    #[command(flatten)]
    limits: LimitArgs,
    /// How to log: for people, or a JSON object in each line
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
    /// Check the machine, say what is wrong, and exit
    #[arg(long)]
    doctor: bool,
    /// How much to log, on standard error: off, error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL", default_value_t = LevelFilter::INFO)]
    log: LevelFilter,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Transport {
    Polling,
    Websocket,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

/// An address of the chat as browsers see it.
#[derive(Clone)]
struct Origin {
    /// Without a path.
    url: String,
    /// With a port that is not the usual one.
    host: String,
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let (scheme, rest) = url
            .split_once("://")
            .ok_or("an origin starts with https://")?;
        let usual = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => return Err("an origin starts with http:// or https://"),
        };
        let host = rest.strip_suffix('/').unwrap_or(rest);
        if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
            return Err("an origin is a scheme, a host and a port, without a path");
        }
        let host = host.strip_suffix(usual).unwrap_or(host).to_lowercase();
        let url = format!("{scheme}://{host}");
        Ok(Self { url, host })
    }
}

/// A secret that is long enough.
#[derive(Clone)]
struct Token(String);

impl FromStr for Token {
    type Err = &'static str;

    fn from_str(token: &str) -> Result<Self, Self::Err> {
        match token.len() {
            16.. => Ok(Self(token.to_owned())),
            _ => Err("a token has at least 16 characters"),
        }
    }
}

/// The limits on one person and on one address. 0 turns a limit off.
#[derive(clap::Args)]
struct LimitArgs {
    /// Messages of one person in a minute; 0 turns this limit off, and those below
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().messages)]
    messages_per_minute: u32,
    /// Nicknames that one person takes in a minute
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().renames)]
    renames_per_minute: u32,
    /// Times that one person comes into a room in a minute
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().joins)]
    joins_per_minute: u32,
    /// Rooms that one person makes in a minute
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().new_rooms)]
    new_rooms_per_minute: u32,
    /// Pages of older messages that one person reads in a minute
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().reads)]
    reads_per_minute: u32,
    /// How many people may share an address: it may do this many times as much
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().people_per_address)]
    people_per_address: u32,
    /// Connections of one address
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().connections_per_address)]
    connections_per_address: u32,
    /// Rooms that one address has made
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().rooms_per_address)]
    rooms_per_address: u32,
    /// People of one address who are away and keep their nickname
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().away_per_address)]
    away_per_address: u32,
    /// Turn all of these limits off, for tests and benchmarks
    #[arg(long)]
    no_limits: bool,
}

impl LimitArgs {
    fn limits(&self) -> Limits {
        if self.no_limits {
            return Limits::NONE;
        }
        Limits {
            messages: self.messages_per_minute,
            renames: self.renames_per_minute,
            joins: self.joins_per_minute,
            new_rooms: self.new_rooms_per_minute,
            reads: self.reads_per_minute,
            people_per_address: self.people_per_address,
            connections_per_address: self.connections_per_address,
            rooms_per_address: self.rooms_per_address,
            away_per_address: self.away_per_address,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(help) if !help.use_stderr() => help.exit(),
        Err(error) => {
            // The first line says what is wrong; the rest repeats the help.
            let error = error.to_string();
            let what = error
                .lines()
                .next()
                .unwrap_or_default()
                .trim_start_matches("error: ");
            return refuse(&format!("{what} (see --help)"));
        }
    };
    let log = match Log::to(io::stderr()) {
        Ok(log) => log,
        Err(error) => return refuse(&format!("no thread for the log: {error}")),
    };
    let lines = tracing_subscriber::fmt()
        .with_max_level(args.log)
        .with_writer(log.clone())
        // It would report a failed write with eprintln!, which panics if that fails too.
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal());
    match args.log_format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    // The default hook writes to standard error itself, and waits for its reader.
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    if args.doctor {
        raise_open_files();
        let (report, fine) = doctor::examine(&args.bind, args.port, &args.database).await;
        say(report);
        log.finish(PATIENCE);
        return if fine {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    let served = serve(args).await;
    log.finish(PATIENCE);
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&format!("{error:#}")),
    }
}

/// Reports in one line why the chat cannot run.
fn refuse(why: &str) -> ExitCode {
    print(io::stderr(), format!("chat-app: {why}\n"));
    ExitCode::from(2)
}

/// Listens on the port that was asked for, and on no other. Without one it is the talk's
/// port, or a free one if another program has that.
async fn listen(host: &str, port: Option<u16>) -> io::Result<TcpListener> {
    if let Some(port) = port {
        return listen_on(host, port).await;
    }
    match listen_on(host, USUAL_PORT).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            listen_on(host, 0).await
        }
        listener => listener,
    }
}

/// Listens on the first of the host's addresses that allows it.
async fn listen_on(host: &str, port: u16) -> io::Result<TcpListener> {
    let mut refusal = io::Error::other("the host name has an empty list of addresses");
    for address in lookup_host((host, port)).await? {
        let listener = || {
            let socket = if address.is_ipv6() {
                TcpSocket::new_v6()?
            } else {
                TcpSocket::new_v4()?
            };
            // A restart must not wait for the connections of the last run to be
            // forgotten. On Windows the option would let two programs share the port.
            #[cfg(unix)]
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            socket.listen(BACKLOG)
        };
        match listener() {
            Ok(listener) => return Ok(listener),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

/// Lets this process open as many files, connections among them, as it is allowed to at
/// all. The limit that applies at first is far lower, often 1,024, because programs that
/// use `select` depend on it.
#[cfg(unix)]
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: maximum,
        maximum,
    };
    if current != maximum
        && let Err(error) = setrlimit(Resource::Nofile, all)
    {
        tracing::warn!(%error, ?current, "the limit on open files stays as it is");
    }
}

#[cfg(not(unix))]
fn raise_open_files() {}

#[cfg(feature = "cluster")]
fn cluster(url: &str) -> anyhow::Result<Meeting> {
    // The error may repeat the address, with its password.
    let meeting = Meeting::at(url, RedisConfig::default()).ok();
    meeting.context("--redis needs an address such as redis://10.0.0.5:6379")
}

#[cfg(not(feature = "cluster"))]
fn cluster(_: &str) -> anyhow::Result<Meeting> {
    anyhow::bail!(
        "--redis: this program was built without Redis; build it with `--features cluster`"
    )
}

async fn serve(args: Args) -> anyhow::Result<()> {
    // Before a database file is made for a chat that cannot run.
    let cluster = match &args.redis {
        Some(url) => cluster(url)?,
        None => Meeting::default(),
    };
    raise_open_files();
    let host = if args.bind.contains(':') {
        format!("[{}]", args.bind)
    } else {
        args.bind.clone()
    };
    let address = format!("{host}:{}", args.port.unwrap_or(USUAL_PORT));
    let listener = listen(&args.bind, args.port)
        .await
        .with_context(|| format!("cannot listen on {address} (try another --port)"))?;
    let read = |file: &Option<PathBuf>| match file {
        Some(file) => match std::fs::read(file) {
            Ok(bytes) => Ok(Some(Bytes::from(bytes))),
            Err(error) => {
                Err(error).with_context(|| format!("cannot read {}", file.display()))
            }
        },
        None => Ok(None),
    };
    let client = read(&args.client)?;
    let heritage_client = read(&args.heritage_client)?;
    let some = |count| Some(count).filter(|count| *count > 0);
    let keep = Keep {
        messages: some(args.keep_messages),
        days: some(args.keep_days),
    };
    let store = Store::at(&args.database, keep).await?;
    let transports = Transports {
        polling: args.transports.contains(&Transport::Polling),
        websocket: args.transports.contains(&Transport::Websocket),
    };
    let options = Options {
        transports,
        client,
        heritage: args.heritage || heritage_client.is_some(),
        heritage_client,
        limits: args.limits.limits(),
        public_url: args.origin.first().map(|origin| origin.url.clone()),
        public_hosts: args.origin.into_iter().map(|origin| origin.host).collect(),
        trusted_proxies: args.trust_proxy,
        admin_token: args.admin_token.map(|Token(token)| token),
        metrics: Some(ops::record().context("metrics cannot be counted")?),
        cluster,
        ..Options::default()
    };
    let Chat { io, filter, tasks } = Chat::new(store.clone(), options);
    tasks.spawn(memory::give_back());

    let mut signals = Signals::new()?;
    say(format!("Listening on http://{}", listener.local_addr()?));
    let stop = CancellationToken::new();
    let limits = ServeLimits::default();
    let served = async {
        let server = engine_io::run(listener, filter, limits, stop.cancelled());
        let end = async {
            stop.cancelled().await;
            Ok(io.shutdown(GRACE).await)
        };
        let ((), closed) = tokio::try_join!(server, end)?;
        tasks.shutdown().await;
        store.close().await;
        io::Result::Ok(closed)
    };
    let signaled = async {
        signals.next().await;
        stop.cancel();
        signals.next().await;
    };
    let closed = tokio::select! {
        closed = served => closed?,
        // For a user to whom the end takes too long. 130 is the status that a shell reports
        // for a program that Ctrl-C ended.
        () = signaled => std::process::exit(130),
    };
    say(format!(
        "Closed {closed} connection{}",
        if closed == 1 { "" } else { "s" }
    ));
    Ok(())
}

/// The signals that end the program: Ctrl-C and, on Unix, SIGTERM.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    /// A file has reached the shell's limit (`ulimit -f`). Unhandled, it would kill the
    /// program; handled, the write fails, as on a full disk.
    #[cfg(unix)]
    _file_size: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> std::io::Result<Self> {
        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            _file_size: signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?,
        })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Prints a line for the person or program that started us.
fn say(mut line: String) {
    line.push('\n');
    print(io::stdout(), line);
}

/// Writes to standard output or standard error without depending on a reader there. It
/// may be gone, which `println!` answers with a panic; or it may have stalled, and then
/// the write never returns. So another thread writes, and we wait for it only a while.
fn print(mut to: impl Write + Send + 'static, text: String) {
    let (done, written) = mpsc::channel::<()>();
    let writing = std::thread::Builder::new().spawn(move || {
        let _ = to.write_all(text.as_bytes());
        let _ = to.flush();
        drop(done);
    });
    if writing.is_ok() {
        let _ = written.recv_timeout(PATIENCE);
    }
}
