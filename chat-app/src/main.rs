//! The chat as a program: `cargo run -p chat-app`, then open the address that it prints.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use chat_app::Chat;
use chat_app::log::Log;
use chat_app::memory;
use chat_app::store::Store;
use clap::{Parser, ValueEnum};
use engine_io::{Limits, Transports};
use tokio::net::{TcpListener, TcpSocket, lookup_host};
use tokio::sync::oneshot;
use tracing_subscriber::filter::LevelFilter;

/// How long the last packets may take to reach the clients at the end.
const GRACE: Duration = Duration::from_secs(5);
/// How many connections the kernel keeps until they are accepted: a server that comes
/// back is greeted by all of its clients at once.
const BACKLOG: u32 = 1024;
/// How long to wait for somebody to read what we print.
const PATIENCE: Duration = Duration::from_secs(1);

/// A chat with rooms, for the browser.
#[derive(Parser)]
#[command(version, about)]
struct Args {
    /// Address to listen on; 0.0.0.0 or :: lets other machines in
    #[arg(long, default_value = "127.0.0.1")]
    bind: String,
    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 5000)]
    port: u16,
    /// Where rooms and messages are kept; :memory: forgets them at the end
    #[arg(long, value_name = "FILE", default_value = "chat.db")]
    database: PathBuf,
    /// A Socket.IO client script to serve to the page in place of our own
    #[arg(long, value_name = "FILE")]
    client: Option<PathBuf>,
    /// What clients may connect over
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "polling,websocket"
    )]
    transports: Vec<Transport>,
    /// How much to log, on standard error: off, error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL", default_value_t = LevelFilter::INFO)]
    log: LevelFilter,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Transport {
    Polling,
    Websocket,
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
    tracing_subscriber::fmt()
        .with_max_level(args.log)
        .with_writer(log.clone())
        // It would report a failed write with eprintln!, which panics if that fails too.
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal())
        .init();
    // The default hook writes to standard error itself, and waits for its reader.
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
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

/// Listens on the first of the host's addresses that allows it.
async fn listen(host: &str, port: u16) -> io::Result<TcpListener> {
    let mut refusal = io::Error::other("the host has no address");
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

async fn serve(args: Args) -> anyhow::Result<()> {
    raise_open_files();
    let host = if args.bind.contains(':') {
        format!("[{}]", args.bind)
    } else {
        args.bind.clone()
    };
    let address = format!("{host}:{}", args.port);
    let listener = listen(&args.bind, args.port)
        .await
        .with_context(|| format!("cannot listen on {address} (try another --port)"))?;
    let client = match &args.client {
        Some(file) => Some(
            std::fs::read(file)
                .with_context(|| format!("cannot read {}", file.display()))?,
        ),
        None => None,
    };
    let store = Store::open(&args.database)?;
    let transports = Transports {
        polling: args.transports.contains(&Transport::Polling),
        websocket: args.transports.contains(&Transport::Websocket),
    };
    let Chat { io, filter, tasks } =
        Chat::new(store.clone(), transports, client.map(Bytes::from));
    tasks.spawn(memory::give_back());

    let mut signals = Signals::new()?;
    say(format!("Listening on http://{}", listener.local_addr()?));
    let (stop, stopping) = oneshot::channel();
    let server = engine_io::run(listener, filter, Limits::default(), async {
        stopping.await.unwrap_or_default();
    });
    let end = async {
        signals.next().await;
        tokio::spawn(async move {
            // For a user to whom the end takes too long. 130 is the status that a shell
            // reports for a program that Ctrl-C ended.
            signals.next().await;
            std::process::exit(130);
        });
        let _ = stop.send(());
        Ok(io.shutdown(GRACE).await)
    };
    let ((), closed) = tokio::try_join!(server, end)?;
    tasks.shutdown().await;
    store.close().await;
    say(format!(
        "Closed {closed} connection{}",
        if closed == 1 { "" } else { "s" }
    ));
    Ok(())
}

/// What asks the program to end: Ctrl-C and, on Unix, SIGTERM.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
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
