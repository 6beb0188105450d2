//! Server and load as processes: this program again, with a hidden subcommand. Each
//! process has its own limit of open files, and the kernel counts its processor time.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use event_loop::echo::Way;
use event_loop::load::Report;
use event_loop::{limits, process};

use crate::way;

/// The descriptors that a process needs besides its connections.
const OTHERS: u64 = 50;

/// Which server to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    /// One of ours.
    Ours(Way),
    /// gevent's, run by this Python and written as in its examples: a write per line.
    Gevent(&'a str),
    /// gevent's, with one write for all the lines that a read returned, as ours do it.
    GeventCollects(&'a str),
}

impl Kind<'_> {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours(way) => way.name(),
            Self::Gevent(_) => "gevent",
            Self::GeventCollects(_) => "gevent one write",
        }
    }
}

/// A server process. It exits when we do, however that happens, because it notices that
/// its standard input is closed.
pub(crate) struct Server {
    child: Child,
    _ends_with: Option<ChildStdin>,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub(crate) fn start(kind: Kind) -> Result<Self> {
        let mut command = match kind {
            Kind::Ours(way) => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(["serve", way.name()]);
                command
            }
            Kind::Gevent(python) | Kind::GeventCollects(python) => {
                let mut command = Command::new(python);
                command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/echo.py"));
                if matches!(kind, Kind::GeventCollects(_)) {
                    command.arg("one-write");
                }
                command
            }
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let ends_with = child.stdin.take();
        let says = child.stdout.take().context("its output is piped")?;
        let mut server = Self {
            child,
            _ends_with: ends_with,
            address: (Ipv4Addr::LOCALHOST, 0).into(),
        };
        let (sender, line) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(says).read_line(&mut line);
            sender.send(read.map(|_| line))
        });
        let line = line
            .recv_timeout(Duration::from_secs(20))
            .context("the server did not report its port within 20 s")??;
        let port = line
            .strip_prefix("port ")
            .and_then(|port| port.trim().parse().ok());
        server.address.set_port(
            port.with_context(|| format!("the server {} did not start", kind.name()))?,
        );
        Ok(server)
    }

    /// Runs a load against this server in another process.
    pub(crate) fn load(
        &self,
        connections: usize,
        in_flight: usize,
        time: Duration,
    ) -> Result<Summary> {
        limits::allow_open_files(connections as u64 + OTHERS)?;
        let load = Command::new(std::env::current_exe()?)
            .args([
                "load",
                &self.address.to_string(),
                &self.child.id().to_string(),
            ])
            .args([
                connections.to_string(),
                in_flight.to_string(),
                time.as_millis().to_string(),
            ])
            .stdin(Stdio::null())
            .output()
            .context("cannot start the load")?;
        if !load.status.success() {
            let why = String::from_utf8_lossy(&load.stderr);
            bail!("{}", why.trim().trim_start_matches("lesson 05: "));
        }
        Summary::read(&String::from_utf8_lossy(&load.stdout))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The hidden subcommand `serve`.
pub(crate) fn serve(name: &str) -> Result<()> {
    let Some(way) = way(name) else {
        bail!("there is no server named {name:?}")
    };
    // As many as the hard limit allows: the load decides how many will connect.
    for wanted in [60_000, 19_900, 4_000] {
        if limits::allow_open_files(wanted).is_ok() {
            break;
        }
    }
    thread::spawn(|| {
        // The process that started us holds the other end, which closes when it exits.
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    process::stay_on(0);
    way.serve((Ipv4Addr::LOCALHOST, 0).into(), |address| {
        println!("port {}", address.port());
        let _ = std::io::stdout().flush();
    })?;
    Ok(())
}

/// A load's findings, as its process prints them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Summary {
    pub(crate) alive: usize,
    /// Clients that received at least one line in the measured time.
    pub(crate) heard: usize,
    /// Lines per second.
    pub(crate) rate: f64,
    /// Lines per second of the server's processor time; zero where that is unknown.
    pub(crate) rate_cpu: f64,
    /// Bytes.
    pub(crate) memory: f64,
    /// Milliseconds.
    pub(crate) median: f64,
    pub(crate) p99: f64,
    pub(crate) worst: f64,
}

/// Prints what the hidden subcommand `load` found.
pub(crate) fn report(report: &Report) {
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let float = |number: u64| number as f64;
    let a_second = |time: Duration| {
        if time.is_zero() {
            0.0
        } else {
            float(report.requests) / time.as_secs_f64()
        }
    };
    println!("alive {}", report.alive);
    println!("heard {}", report.heard);
    println!("rate {}", a_second(report.time));
    println!("rate_cpu {}", a_second(report.cpu));
    println!("memory {}", report.memory);
    println!(
        "median {}",
        float(report.latency.value_at_quantile(0.5)) / 1e3
    );
    println!(
        "p99 {}",
        float(report.latency.value_at_quantile(0.99)) / 1e3
    );
    println!("worst {}", float(report.latency.max()) / 1e3);
}

impl Summary {
    fn read(text: &str) -> Result<Self> {
        let values: HashMap<&str, &str> = text
            .lines()
            .filter_map(|line| line.split_once(' '))
            .collect();
        let value = |name: &str| -> Result<f64> {
            Ok(values
                .get(name)
                .with_context(|| format!("the load did not report its {name}"))?
                .parse()?)
        };
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count"
        )]
        let (alive, heard) = (value("alive")? as usize, value("heard")? as usize);
        Ok(Self {
            alive,
            heard,
            rate: value("rate")?,
            rate_cpu: value("rate_cpu")?,
            memory: value("memory")?,
            median: value("median")?,
            p99: value("p99")?,
            worst: value("worst")?,
        })
    }
}

/// Returns whether this Python can import gevent.
pub(crate) fn has_gevent(python: &str) -> bool {
    let import = Command::new(python)
        .args(["-c", "import gevent"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    import.is_ok_and(|status| status.success())
}

/// Returns every server that can be started here, ours first.
pub(crate) fn kinds(python: &str) -> Vec<Kind<'_>> {
    let mut kinds: Vec<_> = Way::ALL.into_iter().map(Kind::Ours).collect();
    if has_gevent(python) {
        kinds.push(Kind::Gevent(python));
        kinds.push(Kind::GeventCollects(python));
    }
    kinds
}
