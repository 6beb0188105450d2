//! The tour of lesson 08: the same events, every way.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use terminal::{heading, say};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use transports::{
    Hub, Limits, POLICY_PORT, POLICY_REQUEST, Refused, Report, Transport, follow, serve,
    serve_policy,
};

/// The same events, every way that a browser can be given them. Without a part, all of
/// them, one after the other.
#[derive(Parser)]
#[command(name = "lesson-08-transports")]
struct Flags {
    /// The part to show.
    #[command(subcommand)]
    what: Option<What>,
    /// How many events each transport carries.
    #[arg(long, global = true, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=2000))]
    events: u16,
}

#[derive(Clone, Subcommand)]
enum What {
    /// The requests, bytes and latency of each transport.
    Compare,
    /// What the chooser takes when one transport after the other is refused.
    Choose,
    /// The Flash policy server, asked as a player asks.
    Flash,
    /// The page, until Ctrl-C.
    Serve {
        /// The port of the page; 0 for a free one.
        #[arg(long, default_value_t = 5008)]
        port: u16,
        /// The port of the Flash policy server; 0 for a free one.
        #[arg(long, default_value_t = POLICY_PORT)]
        policy_port: u16,
        /// What the network refuses; may be given several times.
        #[arg(long, value_enum)]
        refuse: Vec<Refuse>,
    },
    /// Numbers for the plots, as CSV.
    Measure {
        /// What to measure.
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
    /// A proxy that holds every stream back.
    Streams,
}

#[derive(Clone, Copy, ValueEnum)]
enum Measure {
    /// Bytes on the wire for each event, by transport.
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
            flash(&runtime)
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
        // The client is there before the first event: its first request is part of what
        // we count.
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
    ensure!(whole, "{transport} lost an event, or their order");
    Ok(report)
}

fn compare(runtime: &Runtime, events: usize) -> Result<()> {
    heading("The same events, seven ways");
    say(format_args!(
        "  {:<10} {:>8} {:>14} {:>14} {:>10}",
        "", "requests", "bytes down", "bytes up", "latency"
    ));
    for transport in Transport::ALL {
        let mut report = play(runtime, transport, events)?;
        report.latencies.sort_unstable();
        let each = |bytes: u64| bytes / events as u64;
        let bar = "█".repeat(
            usize::try_from(each(report.received + report.sent) / 20).unwrap_or(0),
        );
        say(format_args!(
            "  {transport:<10} {:>8} {:>8} each {:>8} each {:>7} µs {bar}",
            report.requests,
            each(report.received),
            each(report.sent),
            report.latencies[events / 2].as_micros(),
        ));
    }
    say(
        "Every transport brought every event in order; a poll pays for a request and a head each time.\n",
    );
    Ok(())
}

fn choose(runtime: &Runtime) -> Result<()> {
    heading("What is chosen when the network refuses");
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
            &format!("and without {transport}"),
            &refused,
            expected.next(),
        )?;
    }
    let refused = Refused {
        transports: [Transport::WebSocket].into(),
        streams: true,
    };
    say_choice(
        "a proxy that buffers",
        &refused,
        Some(Transport::LongPolling),
    )?;
    say(
        "A stream that is held back answers 200 and then nothing: only waiting for an event finds that out.\n",
    );
    Ok(())
}

// ANCHOR: choose
/// Tries each transport with an event that is already there, and takes the first that
/// brings it.
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
    say(format_args!(
        "  asked     {}",
        POLICY_REQUEST.escape_ascii()
    ));
    let file = answer.find("<cross-domain-policy>").map(|at| &answer[at..]);
    let file = file.context("the policy server did not answer with a policy")?;
    say(format_args!(
        "  answered  …{}",
        file.escape_default()
            .to_string()
            .replace("\\\"", "\"")
            .replace("\\u{0}", "\\x00")
    ));
    say(
        "One question, one file, and the connection ends. No browser has asked since 2021.",
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
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.with_context(|| {
                format!("cannot listen on port {port}: choose others with --port and --policy-port")
            })
        };
        let (listener, policies) = (bind(port).await?, bind(policy_port).await?);
        say(format_args!("The page is at http://{}", listener.local_addr()?));
        say(format_args!("Flash players would ask at {}; Ctrl-C ends this", policies.local_addr()?));
        let hub = Hub::new(Limits::default());
        tokio::select! {
            () = serve(listener, hub, refused) => {}
            () = serve_policy(policies, "127.0.0.1", port) => {}
            ended = tokio::signal::ctrl_c() => ended.context("cannot wait for Ctrl-C")?,
        }
        Ok(())
    })
}
