//! The other end: many clients in one thread, on the same [`Poller`] that the server uses.

use crate::{Interest, Poller, Ready, Token, Trigger, best_poller, process};
use hdrhistogram::Histogram;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The size of a message, in bytes.
pub const MESSAGE: usize = 64;

/// So many connections are opened before one of them is used: a server has to keep up, or its backlog would overflow
/// and the kernel try again after a second.
const BATCH: usize = 64;

/// What to ask of a server.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Where it listens.
    pub server: SocketAddr,
    /// The process that serves, to read its processor time.
    pub pid: u32,
    /// How many clients, each with one message on its way at any time.
    pub connections: usize,
    /// How long it is measured, once all are connected.
    pub time: Duration,
}

/// What a server did.
#[derive(Debug, Clone)]
pub struct Report {
    /// Messages that came back.
    pub requests: u64,
    /// Connections that were still good at the end.
    pub alive: usize,
    /// How long that took.
    pub time: Duration,
    /// Processor time of the server meanwhile; zero where the system does not tell.
    pub cpu: Duration,
    /// Memory of the server with all connections open, in bytes.
    pub memory: u64,
    /// From a message's write until it was back, in microseconds.
    pub latency: Histogram<u64>,
}

struct Client {
    stream: Arc<TcpStream>,
    back: usize,
    sent: Instant,
    alive: bool,
}

impl Client {
    fn connect(server: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        // Closed with a reset: ten thousand ends in TIME_WAIT would leave no ports for the next run.
        rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO))?;
        Ok(Self { stream: Arc::new(stream), back: 0, sent: Instant::now(), alive: true })
    }

    fn send(&mut self) -> io::Result<()> {
        (self.back, self.sent) = (0, Instant::now());
        (&*self.stream).write_all(&[b'x'; MESSAGE])
    }

    /// Reads what has come back; whether it is all of a message.
    fn read(&mut self) -> io::Result<bool> {
        match (&*self.stream).read(&mut [0; MESSAGE]) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                self.back += count;
                Ok(self.back >= MESSAGE)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Opens the connections, has each echo once, and then all at the same time for [`Load::time`].
///
/// # Errors
/// When a connection cannot be opened or is dropped before the measuring begins, and what the kernel says.
pub fn run(load: &Load) -> io::Result<Report> {
    let mut poller = best_poller()?;
    let mut clients = Vec::with_capacity(load.connections);
    for index in 0..load.connections {
        let mut client = Client::connect(load.server)?;
        if (index + 1) % BATCH == 0 || index + 1 == load.connections {
            echo_once(&mut client)?;
        }
        client.stream.set_nonblocking(true)?;
        poller.add(Token(index as u64), client.stream.clone(), Interest::READABLE, Trigger::Level)?;
        clients.push(client);
    }
    let mut run = Run { poller, clients, latency: histogram()?, requests: 0, found: Vec::new() };
    // Every client has been heard once before the clock starts: no buffer or stack is touched for the first time then.
    run.send_all()?;
    run.answer_for(Duration::ZERO, Until::AllAnswered)?;
    let before = process::usage(load.pid).unwrap_or_default();
    (run.requests, run.latency) = (0, histogram()?);
    let begin = Instant::now();
    run.send_all()?;
    run.answer_for(load.time, Until::TimeIsOver)?;
    let time = begin.elapsed();
    let after = process::usage(load.pid).unwrap_or_default();
    Ok(Report {
        requests: run.requests,
        alive: run.clients.iter().filter(|client| client.alive).count(),
        time,
        cpu: after.cpu.saturating_sub(before.cpu),
        memory: after.memory,
        latency: run.latency,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    AllAnswered,
    TimeIsOver,
}

struct Run {
    poller: Box<dyn Poller>,
    clients: Vec<Client>,
    latency: Histogram<u64>,
    requests: u64,
    found: Vec<Ready>,
}

impl Run {
    fn send_all(&mut self) -> io::Result<()> {
        self.clients.iter_mut().try_for_each(Client::send)
    }

    fn answer_for(&mut self, time: Duration, until: Until) -> io::Result<()> {
        let patience = Duration::from_secs(30);
        let begin = Instant::now();
        let deadline = begin + time;
        loop {
            let now = Instant::now();
            let done = match until {
                Until::AllAnswered => self.requests == self.clients.len() as u64,
                Until::TimeIsOver => now >= deadline,
            };
            if done {
                return Ok(());
            }
            if now > begin + time.max(patience) {
                return Err(io::Error::new(ErrorKind::TimedOut, "the server does not answer all clients"));
            }
            let mut found = std::mem::take(&mut self.found);
            let wait = if until == Until::TimeIsOver { deadline - now } else { patience };
            self.poller.wait(&mut found, Some(wait))?;
            for ready in &found {
                self.answered(*ready, until)?;
            }
            self.found = found;
        }
    }

    fn answered(&mut self, ready: Ready, until: Until) -> io::Result<()> {
        let index = usize::try_from(ready.token.0).map_err(io::Error::other)?;
        let client = &mut self.clients[index];
        let result = client.read().and_then(|whole| {
            if whole {
                let micros = u64::try_from(client.sent.elapsed().as_micros()).unwrap_or(u64::MAX);
                self.latency.saturating_record(micros);
                self.requests += 1;
                if until == Until::TimeIsOver {
                    client.send()?;
                }
            }
            Ok(())
        });
        if let Err(error) = result {
            client.alive = false;
            self.poller.remove(ready.token)?;
            if until == Until::AllAnswered {
                return Err(error);
            }
        }
        Ok(())
    }
}

fn echo_once(client: &mut Client) -> io::Result<()> {
    client.stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    client.send()?;
    while !client.read()? {}
    Ok(())
}

/// From a microsecond to a minute, with three digits.
fn histogram() -> io::Result<Histogram<u64>> {
    Histogram::new_with_bounds(1, 60_000_000, 3).map_err(io::Error::other)
}
