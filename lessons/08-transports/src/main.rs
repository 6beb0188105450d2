//! The tour of lesson 08: the same events over seven transports.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use terminal::{heading, next, remember, say};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use transports::{
    Hub, Limits, POLICY_PORT, POLICY_REQUEST, Refused, Report, Transport, follow, serve,
    serve_policy,
};

/// The same events over seven transports, and how to choose the best of them
#[derive(Parser)]
#[command(name = "lesson-08-transports")]
#[command(after_help = "Runs compare, choose and flash if no part is given.")]
struct Flags {
    #[command(subcommand)]
    what: Option<What>,
    /// Number of events that each transport carries
    #[arg(long, global = true, default_value_t = 200)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=2000))]
    events: u16,
}

#[derive(Clone, Subcommand)]
enum What {
    /// Compare the requests, bytes and latency of the transports
    Compare,
    /// Choose a transport while a network refuses more and more of them
    Choose,
    /// Ask the Flash policy server, as a Flash player did
    Flash,
    /// Serve the page with all transports until Ctrl-C
    Serve {
        /// Port of the page; 0 for any free port
        #[arg(long, default_value_t = 5008)]
        port: u16,
        /// Port of the Flash policy server; 0 for any free port
        #[arg(long, default_value_t = POLICY_PORT)]
        policy_port: u16,
        /// Transport to refuse; can be given several times
        #[arg(long, value_enum)]
        refuse: Vec<Refuse>,
    },
    /// Print the data for the book's plots as CSV
    Measure {
        /// The quantity to measure
        #[arg(value_enum)]
        name: Measure,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Refuse {
    Websocket,
    Sse,
    Streaming,
    Multipart,
    Iframe,
    Polling,
    Jsonp,
    /// Simulate a proxy that holds every stream back
    Streams,
}

#[derive(Clone, Copy, ValueEnum)]
enum Measure {
    /// Bytes on the wire for each event, by transport
    Bytes,
}

fn main() -> ExitCode {
    terminal::run("lesson 08", |flags: Flags| run(&flags))
}

fn run(flags: &Flags) -> Result<()> {
    let runtime = Runtime::new().context("cannot start the event loop")?;
    let events = flags.events.into();
    match &flags.what {
        None => {
            compare(&runtime, events)?;
            choose(&runtime)?;
            flash(&runtime)?;
            next(
                "`cargo run -p lesson-08-transports -- serve` for the same in your \
                 browser, then `cargo test --test ex08_poll_buffer`, the first exercise \
                 of chapter 8.",
            );
            Ok(())
        }
        Some(What::Compare) => compare(&runtime, events),
        Some(What::Choose) => choose(&runtime),
        Some(What::Flash) => flash(&runtime),
        Some(What::Serve {
            port,
            policy_port,
            refuse,
        }) => serve_page(&runtime, *port, *policy_port, refuse),
        Some(What::Measure {
            name: Measure::Bytes,
        }) => {
            say("transport,down,up");
            for transport in Transport::ALL {
                let report = play(&runtime, transport, 500)?;
                let each = |bytes: u64| bytes / report.events.len() as u64;
                say(format_args!(
                    "{transport},{},{}",
                    each(report.received),
                    each(report.sent)
                ));
            }
            Ok(())
        }
    }
}

fn start(runtime: &Runtime, refused: Refused) -> Result<(Hub, SocketAddr)> {
    let listener = runtime
        .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .context("cannot listen")?;
    let addr = listener.local_addr()?;
    let hub = Hub::new(Limits::default());
    runtime.spawn(serve(listener, hub.clone(), refused));
    Ok((hub, addr))
}

/// Publishes `events` while a client follows them.
fn play(runtime: &Runtime, transport: Transport, events: usize) -> Result<Report> {
    let (hub, addr) = start(runtime, Refused::default())?;
    let publisher = thread::spawn(move || {
        // The client connects before the first event, so that its first request counts.
        while hub.readers() == 0 {
            thread::sleep(Duration::from_millis(1));
        }
        for number in 0..events {
            hub.publish(&format!("event {number}, of the size of a line of chat"));
            thread::sleep(Duration::from_millis(2));
        }
    });
    let report =
        follow(addr, transport, 0, events, Duration::from_secs(20)).context(transport)?;
    let _ = publisher.join();
    let whole = report
        .events
        .iter()
        .map(|event| event.id)
        .eq(1..=events as u64);
    ensure!(whole, "{transport} lost or reordered events");
    Ok(report)
}

fn compare(runtime: &Runtime, events: usize) -> Result<()> {
    heading("The same events over seven transports");
    say(format_args!(
        "  {:<10} {:>8} {:>8} {:>8} {:>11}  down and up",
        "", "requests", "down", "up", "latency"
    ));
    say(format_args!(
        "  {:<10} {:>8} {:>8} {:>8} {:>11}  per event",
        "transport", "in all", "bytes", "bytes", "median"
    ));
    for transport in Transport::ALL {
        let mut report = play(runtime, transport, events)?;
        report.latencies.sort_unstable();
        let each = |bytes: u64| bytes / events as u64;
        let bar = "█".repeat(
            usize::try_from(each(report.received + report.sent) / 20).unwrap_or(0),
        );
        say(format_args!(
            "  {transport:<10} {:>8} {:>8} {:>8} {:>8} µs  {bar}",
            report.requests,
            each(report.received),
            each(report.sent),
            report.latencies[events / 2].as_micros(),
        ));
    }
    remember(
        "Every transport delivered every event in order. A poll pays for the headers of \
         a request and a response each time.",
    );
    say("");
    Ok(())
}

fn choose(runtime: &Runtime) -> Result<()> {
    heading("Choosing a transport when the network refuses some");
    let mut refused = Refused::default();
    let mut expected = Transport::ALL.into_iter();
    let say_choice =
        |what: &str, refused: &Refused, expected: Option<Transport>| -> Result<()> {
            let chosen = chosen(runtime, refused)?;
            let name = chosen.map_or("none", Transport::name);
            say(format_args!("  {what:<24} {name}"));
            ensure!(chosen == expected, "expected {expected:?}");
            Ok(())
        };
    say_choice("nothing refused", &refused, expected.next())?;
    for transport in Transport::ALL {
        refused.transports.insert(transport);
        say_choice(
            &format!("also without {transport}"),
            &refused,
            expected.next(),
        )?;
    }
    let refused = Refused {
        transports: [Transport::WebSocket].into(),
        streams: true,
    };
    say_choice("a buffering proxy", &refused, Some(Transport::LongPolling))?;
    remember(
        "A stream that a proxy holds back starts with status 200, and then nothing \
         arrives. Only waiting for an event shows that.",
    );
    say("");
    Ok(())
}

// ANCHOR: choose
/// Tries each transport with an event that exists already, and returns the first that
/// delivers it.
fn chosen(runtime: &Runtime, refused: &Refused) -> Result<Option<Transport>> {
    let (hub, addr) = start(runtime, refused.clone())?;
    hub.publish("are you there?");
    let patience = Duration::from_millis(300);
    Ok(Transport::ALL
        .into_iter()
        .find(|&transport| follow(addr, transport, 0, 1, patience).is_ok()))
}
// ANCHOR_END: choose

fn flash(runtime: &Runtime) -> Result<()> {
    heading("The Flash policy server");
    let listener = runtime
        .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .context("cannot listen")?;
    let mut player = TcpStream::connect(listener.local_addr()?)?;
    runtime.spawn(serve_policy(listener, "127.0.0.1", 5000));
    player.set_read_timeout(Some(Duration::from_secs(5)))?;
    player.write_all(POLICY_REQUEST)?;
    let mut answer = String::new();
    player.read_to_string(&mut answer)?;
    say(format_args!("  player  {}", POLICY_REQUEST.escape_ascii()));
    let file = answer.find("<cross-domain-policy>").map(|at| &answer[at..]);
    let file = file.context("the policy server did not answer with a policy")?;
    say(format_args!(
        "  server  …{}",
        file.replace("><", ">\n           <").replace('\0', "\\x00")
    ));
    remember(
        "One request, one file, and the server closes the connection. Browsers stopped \
         asking when they removed Flash.",
    );
    Ok(())
}

fn serve_page(
    runtime: &Runtime,
    port: u16,
    policy_port: u16,
    refuse: &[Refuse],
) -> Result<()> {
    let mut refused = Refused::default();
    for refuse in refuse {
        match refuse {
            Refuse::Streams => refused.streams = true,
            named => {
                let name = named
                    .to_possible_value()
                    .map(|value| value.get_name().to_owned())
                    .unwrap_or_default();
                refused
                    .transports
                    .insert(name.parse().map_err(anyhow::Error::msg)?);
            }
        }
    }
    runtime.block_on(async {
        let bind = async |port: u16| {
            TcpListener::bind((Ipv4Addr::LOCALHOST, port))
                .await
                .with_context(|| {
                    format!(
                        "cannot listen on port {port}: choose others with --port and \
                     --policy-port"
                    )
                })
        };
        let (listener, policies) = (bind(port).await?, bind(policy_port).await?);
        say(format_args!(
            "The page is at http://{}",
            listener.local_addr()?
        ));
        say(format_args!(
            "The Flash policy server is at {}. Press Ctrl-C to stop.",
            policies.local_addr()?
        ));
        let hub = Hub::new(Limits::default());
        tokio::select! {
            () = serve(listener, hub, refused) => {}
            () = serve_policy(policies, "127.0.0.1", port) => {}
            ended = tokio::signal::ctrl_c() => ended.context("cannot wait for Ctrl-C")?,
        }
        Ok(())
    })
}
