//! The chat as a program: `cargo run -p chat-app`, then open the address that it prints.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use chat_app::store::Store;
use clap::{Parser, ValueEnum};
use engine_io::{Limits, Transports};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tracing_subscriber::filter::LevelFilter;

/// How long the last packets may take to reach the clients at the end.
const GRACE: Duration = Duration::from_secs(5);

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
    tracing_subscriber::fmt()
        .with_max_level(args.log)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match serve(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&format!("{error:#}")),
    }
}

/// Says in one line why there is no chat.
fn refuse(why: &str) -> ExitCode {
    eprintln!("chat-app: {why}");
    ExitCode::from(2)
}

async fn serve(args: Args) -> anyhow::Result<()> {
    let address = format!("{}:{}", args.bind, args.port);
    let listener = TcpListener::bind((args.bind.as_str(), args.port))
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
    let (io, filter) = chat_app::app(store, transports, client.map(Bytes::from));

    let mut signals = Signals::new()?;
    say(&format!("Listening on http://{}", listener.local_addr()?));
    let (stop, stopping) = oneshot::channel();
    let server = engine_io::run(listener, filter, Limits::default(), async {
        stopping.await.unwrap_or_default();
    });
    let end = async {
        signals.next().await;
        tokio::spawn(async move {
            // For whom the end takes too long. 130 is what a shell gives a program that
            // Ctrl-C ended.
            signals.next().await;
            std::process::exit(130);
        });
        let _ = stop.send(());
        Ok(io.shutdown(GRACE).await)
    };
    let ((), closed) = tokio::try_join!(server, end)?;
    say(&format!(
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

/// A line for whoever started us. That nobody reads it is no reason to stop.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
